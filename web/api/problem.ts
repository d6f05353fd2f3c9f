/** A refusal by the server (RFC 9457), or that it could not be reached. */
export class Problem extends Error {
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly fields: readonly { field: string; message: string }[];

  constructor(status: number, message: string, fields: readonly { field: string; message: string }[] = []) {
    super(message);
    this.name = "Problem";
    this.status = status;
    this.fields = fields;
  }

  static ofBody(status: number, body: string): Problem {
    try {
      const { detail, title, errors } = JSON.parse(body) as {
        detail?: string;
        title?: string;
        errors?: { field: string; message: string }[];
      };
      return new Problem(status, detail ?? title ?? `HTTP ${status}`, errors ?? []);
    } catch {
      // A proxy in between answers with pages of its own.
      return new Problem(status, `HTTP ${status}`);
    }
  }
}
