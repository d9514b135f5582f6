/** The tag of an image; undefined for one without, as when it is pinned by digest alone. */
export function tagOf(image: string): string | undefined {
  const [name = ''] = image.split('@');
  // A colon before the last slash is the port of a registry.
  const colon = name.indexOf(':', name.lastIndexOf('/') + 1);
  return colon < 0 ? undefined : name.slice(colon + 1);
}
