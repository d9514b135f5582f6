import { request as httpsRequest } from 'node:https';

/** What the API answered with a status of 400 or more. */
export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, what: string, message: string) {
    super(`${what}: ${status} ${message}`);
    this.status = status;
  }
}

export interface ApiAddress {
  readonly server: string;
  /** PEM of who is trusted. */
  readonly certificate: Buffer;
  readonly token: string;
}

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

const PATCH_TYPES = {
  apply: 'application/apply-patch+yaml',
  merge: 'application/merge-patch+json',
} as const;

/** One request of the Kubernetes API, JSON both ways. A PATCH is a merge patch unless `patch` says apply. @throws ApiError */
export function requestApi<T>(
  { server, certificate, token }: ApiAddress,
  method: Method,
  path: string,
  body?: unknown,
  patch: keyof typeof PATCH_TYPES = 'merge',
): Promise<T> {
  return new Promise((resolve, reject) => {
    const what = `${method} ${path}`;
    const request = httpsRequest(
      new URL(path, server),
      {
        method,
        ca: certificate,
        agent: false,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          'content-type': method === 'PATCH' ? PATCH_TYPES[patch] : 'application/json',
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const status = response.statusCode ?? 0;
          if (status >= 400) {
            reject(new ApiError(status, what, text));
            return;
          }
          try {
            resolve((/^\s*[{[]/.test(text) ? JSON.parse(text) : text) as T);
          } catch (error) {
            reject(new Error(`${what}: the answer is not what it says to be`, { cause: error }));
          }
        });
      },
    );
    request.on('error', reject);
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
