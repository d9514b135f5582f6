import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What who talks to a control plane must have, as files of its folder, readable by their owner only. */
export interface Credentials {
  readonly token: string;
  readonly tokensFile: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
  /** The apiserver makes its own certificate in this folder when it first starts. */
  readonly certificateFolder: string;
  /** The leaf and the authority that signed it: clients trust this file, and it serves the metrics API, too. */
  readonly certificate: string;
  readonly certificateKey: string;
}

/** A key for tokens of service accounts and an administrator's token, into a folder that exists. */
export function makeCredentials(folder: string): Credentials {
  const secret = (name: string, text: string): string => {
    const file = join(folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    return file;
  };
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'prime256v1',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  const token = randomBytes(16).toString('hex');
  const certificateFolder = join(folder, 'certificates');
  mkdirSync(certificateFolder, { mode: 0o700 });
  return {
    token,
    tokensFile: secret('tokens.csv', `${token},admin,admin,system:masters\n`),
    serviceAccountKey: secret('service-accounts.key', privateKey),
    serviceAccountPublicKey: secret('service-accounts.pub', publicKey),
    certificateFolder,
    certificate: join(certificateFolder, 'apiserver.crt'),
    certificateKey: join(certificateFolder, 'apiserver.key'),
  };
}

/** A kubeconfig of one cluster and one user, who has this token. */
export function kubeconfigText(server: string, certificate: string, token: string, namespace = 'default'): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'local', cluster: { server, 'certificate-authority': certificate } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'local', context: { cluster: 'local', user: 'user', namespace } }],
    'current-context': 'local',
  });
}
