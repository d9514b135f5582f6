/**
 * Aborted by the first SIGINT or SIGTERM, so that whoever runs servers can end them in order. A second signal of the
 * same name ends this process at once, as it would without us.
 */
export function stopSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
