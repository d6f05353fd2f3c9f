# syntax=docker/dockerfile:1
# Glossa as a service. `docker build .` makes the CPU image; `--build-arg VARIANT=cuda` the one for NVIDIA GPUs.
# Models come with `--build-arg MODELS="whisper-small moonshine-base silero-vad"`, or are fetched into the volume /models.
ARG VARIANT=cpu

FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
RUN npm run build && npm prune --omit=dev --ignore-scripts

FROM node:22-bookworm-slim AS base-cpu

FROM nvidia/cuda:12.6.3-cudnn-runtime-ubuntu24.04 AS base-cuda
COPY --from=node:22-bookworm-slim /usr/local/bin/node /usr/local/bin/node
ENV GLOSSA_DEVICE=cuda

# hadolint ignore=DL3006
FROM base-${VARIANT} AS server
# hadolint ignore=DL3008
RUN apt-get update \
  && apt-get install --yes --no-install-recommends ffmpeg tini \
  && rm -rf /var/lib/apt/lists/* \
  && mkdir --parents /data /models \
  && chown 1000:1000 /data /models
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/schemas ./schemas
COPY --from=build /app/models ./models
COPY --from=build /app/LICENSE ./
ENV NODE_ENV=production GLOSSA_HOST=0.0.0.0 GLOSSA_PORT=8017 GLOSSA_DATA=/data GLOSSA_CACHE=/models
USER 1000:1000
ARG MODELS=""
RUN if [ -n "$MODELS" ]; then \
    for model in $MODELS; do node dist/cli/main.js models pull --quiet "$model" || exit 1; done; \
  fi
VOLUME ["/data"]
EXPOSE 8017
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.GLOSSA_PORT}/health`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["tini", "--", "node", "dist/cli/main.js"]
CMD ["serve"]
