"""The model of src/train/testing/encoder.ts in PyTorch: times training steps for tools/measure-training.ts.

    python tools/training_step.py '{"width": 256, "heads": 4, …}' < state.safetensors-like JSON lines

Reads nothing but its argument; prints one JSON object with the seconds of each step and the losses.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.attention_norm, self.norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))
        self.inner, self.outer = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        batch, time_steps, width = x.shape
        normal = self.attention_norm(x)
        split = lambda part: part(normal).view(batch, time_steps, self.heads, -1).transpose(1, 2)
        mixed = F.scaled_dot_product_attention(split(self.query), split(self.key), split(self.value))
        x = x + self.output(mixed.transpose(1, 2).reshape(batch, time_steps, width))
        return x + self.outer(F.gelu(self.inner(self.norm(x))))


class Encoder(nn.Module):
    def __init__(self, width, heads, inner, layers, classes):
        super().__init__()
        self.layers = nn.ModuleList(Layer(width, heads, inner) for _ in range(layers))
        self.norm, self.classes = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return self.classes(self.norm(x)).flatten(0, 1)


def main():
    given = json.loads(sys.argv[1])
    torch.set_num_threads(given["threads"])
    torch.manual_seed(1)
    model = Encoder(*(given[name] for name in ("width", "heads", "inner", "layers", "classes")))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01, fused=given["fused"])
    frames = torch.randn(given["batch"], given["time"], given["width"])
    labels = torch.randint(given["classes"], (given["batch"] * given["time"],))
    seconds, losses = [], []
    for _ in range(given["steps"]):
        start = time.perf_counter()
        optimiser.zero_grad()
        loss = F.cross_entropy(model(frames), labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"seconds": seconds, "losses": losses, "version": torch.__version__}))


main()
