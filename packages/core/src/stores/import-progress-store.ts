/** How far the import of one file got. */
export interface ImportProgress {
  /** SHA-256 of the file's bytes: a changed file is another file. */
  readonly fileDigest: string;
  /** What reads it: the source's name and format version. */
  readonly source: string;
  /** Its name, for people. */
  readonly file: string;
  /** Lines whose effects are committed. */
  readonly lines: number;
  readonly finished: boolean;
  /** What was done so far, by name. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface ImportProgressStore {
  find(fileDigest: string, source: string): Promise<ImportProgress | undefined>;
  save(progress: ImportProgress): Promise<void>;
}
