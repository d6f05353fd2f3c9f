/** The recording being played, and where it stands. */
import { readStored, writeStored } from "../state/stored.ts";

export const speeds = [0.5, 0.75, 1, 1.25, 1.5, 1.75, 2] as const;

export class Player {
  /** Set by the element that plays. */
  element: HTMLAudioElement | null = null;
  isPlaying = $state(false);
  seconds = $state(0);
  /** As the browser found it; null until it has read the beginning. */
  durationSeconds = $state<number | null>(null);
  speed = $state(readStored("speed", 1));
  /** Whether the transcript moves along. */
  isFollowing = $state(readStored("following", true));
  canPlay = $state(true);
  /** A stretch that is played alone ends here. */
  #until: number | null = null;

  toggle(): void {
    if (this.isPlaying) this.element?.pause();
    else void this.#play();
  }

  seek(seconds: number, andPlay = false): void {
    this.#until = null;
    this.seconds = Math.max(0, seconds);
    if (this.element) this.element.currentTime = this.seconds;
    if (andPlay) void this.#play();
  }

  /** Plays one stretch and stops. */
  playStretch(start: number, end: number): void {
    this.seek(start, true);
    this.#until = end;
  }

  skip(seconds: number): void {
    this.seek(this.seconds + seconds);
  }

  setSpeed(speed: number): void {
    this.speed = speed;
    writeStored("speed", speed);
    if (this.element) this.element.playbackRate = speed;
  }

  setFollowing(isFollowing: boolean): void {
    this.isFollowing = isFollowing;
    writeStored("following", isFollowing);
  }

  /** Called for every frame while it plays. */
  tick(): void {
    if (!this.element) return;
    this.seconds = this.element.currentTime;
    if (this.#until !== null && this.seconds >= this.#until) {
      this.#until = null;
      this.element.pause();
    }
  }

  async #play(): Promise<void> {
    try {
      await this.element?.play();
    } catch (error) {
      // Pausing before playing has begun is no fault.
      if ((error as DOMException).name !== "AbortError") this.canPlay = false;
    }
  }
}
