import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface RecordsSink {
  readonly url: string;
  readonly received: () => number;
  close(): void;
}

/** Stands for the ingest service: takes what pods record and forgets it. */
export function openRecordsSink(): Promise<RecordsSink> {
  let records = 0;
  const server = createServer((request, response) => {
    request.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) records += 1;
    });
    request.on('end', () => response.writeHead(202).end('{"rejected":0}'));
  });
  return new Promise((opened) => {
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      opened({
        url: `http://127.0.0.1:${port}`,
        received: () => records,
        close: () => {
          server.closeAllConnections();
          server.close();
        },
      });
    });
  });
}
