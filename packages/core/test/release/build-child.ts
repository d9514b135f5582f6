import { buildTinyRelease } from './tiny-run.ts';

/** Builds releases one after another until it is killed: `node build-child.ts RUN_DIR OUT_DIR`. */
const [runDir, outDir] = process.argv.slice(2);
for (let build = 0; ; build++) {
  const { id } = await buildTinyRelease(runDir!, outDir!, { gitCommit: `build ${build}` });
  process.stdout.write(`${id}\n`);
}
