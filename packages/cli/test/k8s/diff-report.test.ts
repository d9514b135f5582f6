import { describe, expect, it } from 'vitest';
import { changesOf, diffReport } from '../../src/k8s/diff-report.ts';
import type { Manifest } from '../../src/k8s/manifest.ts';

/** As `kubectl diff --server-side` of Kubernetes 1.36 printed it. */
const DIFF = `diff -u -N /tmp/LIVE-1386/apps.v1.Deployment.shortlist.serving /tmp/MERGED-2754/apps.v1.Deployment.shortlist.serving
--- /tmp/LIVE-1386/apps.v1.Deployment.shortlist.serving\t2026-03-01 12:00:00.000000000 +0000
+++ /tmp/MERGED-2754/apps.v1.Deployment.shortlist.serving\t2026-03-01 12:00:00.000000000 +0000
@@ -4,7 +4,7 @@
   annotations:
     deployment.kubernetes.io/revision: "1"
   creationTimestamp: "2026-03-01T11:00:00Z"
-  generation: 1
+  generation: 2
   labels:
     app: serving
@@ -30,7 +30,7 @@
       containers:
-      - image: shortlist/serving:1.0.0
+      - image: shortlist/serving:1.1.0
         args:
-        - --- separator
+        - --- separators
diff -u -N /tmp/LIVE-1386/v1.ConfigMap.shortlist.shop-abc /tmp/MERGED-2754/v1.ConfigMap.shortlist.shop-abc
--- /tmp/LIVE-1386/v1.ConfigMap.shortlist.shop-abc\t2026-03-01 12:00:00.000000000 +0000
+++ /tmp/MERGED-2754/v1.ConfigMap.shortlist.shop-abc\t2026-03-01 12:00:00.000000000 +0000
@@ -0,0 +1,3 @@
+apiVersion: v1
+kind: ConfigMap
+  uid: 1b4c
diff -u -N /tmp/LIVE-1386/v1.Namespace..shortlist /tmp/MERGED-2754/v1.Namespace..shortlist
--- /tmp/LIVE-1386/v1.Namespace..shortlist\t2026-03-01 12:00:00.000000000 +0000
+++ /tmp/MERGED-2754/v1.Namespace..shortlist\t2026-03-01 12:00:00.000000000 +0000
@@ -4,7 +4,7 @@
-  resourceVersion: "12"
+  resourceVersion: "13"
`;

const object = (apiVersion: string, kind: string, name: string, namespace?: string): Manifest => ({
  apiVersion,
  kind,
  metadata: { name, ...(namespace === undefined ? {} : { namespace }) },
});
const OBJECTS = [
  object('apps/v1', 'Deployment', 'serving', 'shortlist'),
  object('v1', 'ConfigMap', 'shop-abc', 'shortlist'),
  object('v1', 'Namespace', 'shortlist'),
  object('v1', 'Service', 'serving', 'shortlist'),
];

describe('a difference', () => {
  it('is told by object, without what the server stamps itself', () => {
    const changes = changesOf(DIFF, OBJECTS);
    expect(changes.map(({ object: name, change, added, removed }) => ({ name, change, added, removed }))).toEqual([
      { name: 'Deployment/serving', change: 'changed', added: 2, removed: 2 },
      { name: 'ConfigMap/shop-abc', change: 'created', added: 2, removed: 0 },
    ]);
  });

  it('is summed up for a person', () => {
    const text = diffReport(changesOf(DIFF, OBJECTS), { full: false, total: OBJECTS.length });
    expect(text).toContain('changed   Deployment/serving  +2 -2\n    -      - image: shortlist/serving:1.0.0\n');
    expect(text).toContain('created   ConfigMap/shop-abc\n\n1 created, 1 changed, 0 replaced, 2 as they are.\n');
  });

  it('is nothing when nothing changes', () => {
    expect(changesOf('', OBJECTS)).toEqual([]);
    expect(diffReport([], { full: false, total: 4 })).toBe(
      'Nothing would change: 4 objects are as they are described.\n',
    );
  });

  it('shortens long changes unless all is asked for', () => {
    const lines = Array.from({ length: 30 }, (_, i) => `+line ${i}`);
    const change = { object: 'ConfigMap/x', change: 'changed', added: 30, removed: 0, lines } as const;
    expect(diffReport([change], { full: false, total: 1 })).toContain('... 18 lines more (--full)');
    expect(diffReport([change], { full: true, total: 1 })).toContain('+line 29');
  });
});
