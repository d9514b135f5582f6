import { InferenceSession } from 'onnxruntime-node';
import { ShortlistError } from '../contracts/errors.ts';
import { readModelFacts, type ModelFacts } from './model-file.ts';

/** A dimension is fixed to a number, or free (`null`): decided per call. */
export interface TensorSpec {
  readonly name: string;
  readonly type: 'float32' | 'int32';
  readonly shape: readonly (number | null)[];
}

export interface ModelSignature {
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
}

export interface OpenModel {
  readonly session: InferenceSession;
  readonly facts: ModelFacts;
  /** Base name of the file, for errors. */
  readonly file: string;
}

/**
 * One thread per process, no spinning: pods scale by process (architecture, section 2), and a spinning pool steals the
 * core that HTTP needs. Sequential, so that a run is a plain synchronous call.
 */
const SESSION_OPTIONS: InferenceSession.SessionOptions = {
  executionProviders: ['cpu'],
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: '0' } } },
};

/**
 * Opens an ONNX model from its bytes (those whose digest was checked, so nothing can change in between) and compares
 * its signature with the expected one.
 * Errors: `release_model_invalid` naming the file and the input or output.
 */
export async function openModel(bytes: Uint8Array, file: string, signature: ModelSignature): Promise<OpenModel> {
  const facts = readModelFacts(bytes, file);
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(bytes, SESSION_OPTIONS);
  } catch (cause) {
    throw new ShortlistError('release_model_invalid', { file, field: 'graph', reason: firstLine(cause) }, { cause });
  }
  try {
    compare(file, 'input', signature.inputs, session.inputMetadata);
    compare(file, 'output', signature.outputs, session.outputMetadata);
  } catch (error) {
    await session.release();
    throw error;
  }
  return { session, facts, file };
}

/** Runs a model once; what ONNX Runtime throws (a damaged graph that loaded) becomes a coded error. */
export async function runModel(
  model: OpenModel,
  feeds: InferenceSession.FeedsType,
): Promise<InferenceSession.ReturnType> {
  try {
    return await runNow(() => model.session.run(feeds));
  } catch (cause) {
    throw new ShortlistError(
      'release_model_invalid',
      { file: model.file, field: 'run', reason: firstLine(cause) },
      { cause },
    );
  }
}

/**
 * onnxruntime-node puts its synchronous `run` into a setImmediate, which only adds a turn of the event loop: a batch
 * would take as long as all that arrives meanwhile, and in a flood of requests that is most of the time. So while `start`
 * runs, an immediate is run at once. Nothing else can be scheduled meanwhile: `start` returns before anybody else runs.
 * Source: onnxruntime#19611; dist/backend.js of version 1.30.
 */
function runNow<T>(start: () => Promise<T>): Promise<T> {
  const scheduled = globalThis.setImmediate;
  const atOnce = (work: (...args: unknown[]) => void, ...args: unknown[]): void => work(...args);
  globalThis.setImmediate = atOnce as unknown as typeof setImmediate;
  try {
    return start();
  } finally {
    globalThis.setImmediate = scheduled;
  }
}

function compare(
  file: string,
  kind: 'input' | 'output',
  expected: readonly TensorSpec[],
  found: readonly InferenceSession.ValueMetadata[],
): void {
  const names = found.map((value) => value.name);
  for (const spec of expected) {
    const value = found.find((candidate) => candidate.name === spec.name);
    if (value === undefined)
      throw mismatch(file, `${kind} ${spec.name}`, `it is missing; the model has ${names.join(', ') || 'none'}`);
    if (!value.isTensor || value.type !== spec.type)
      throw mismatch(
        file,
        `${kind} ${spec.name}`,
        `its type is ${value.isTensor ? value.type : 'no tensor'}, not ${spec.type}`,
      );
    if (!fits(value.shape, spec.shape))
      throw mismatch(
        file,
        `${kind} ${spec.name}`,
        `its shape is ${describe(value.shape)}, expected ${describe(spec.shape)}`,
      );
  }
  const known = new Set(expected.map((spec) => spec.name));
  const surplus = names.find((name) => !known.has(name));
  if (surplus !== undefined) throw mismatch(file, `${kind} ${surplus}`, 'this build does not know it');
}

/** A free dimension must be free in the model; a fixed one must be that number, or free in the model. */
function fits(found: readonly (number | string)[], expected: readonly (number | null)[]): boolean {
  if (found.length !== expected.length) return false;
  return expected.every((dim, axis) => typeof found[axis] === 'string' || (dim !== null && found[axis] === dim));
}

function describe(shape: readonly (number | string | null)[]): string {
  return `[${shape.map((dim) => (dim === null || dim === '' ? 'any' : dim)).join(', ')}]`;
}

function mismatch(file: string, field: string, reason: string): ShortlistError {
  return new ShortlistError('release_model_invalid', { file, field, reason });
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!.slice(0, 300);
}
