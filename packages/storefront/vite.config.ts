import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where `shortlist up` serves the shop; `npm run dev` passes the page's questions on to it. */
const SHOP = 'http://127.0.0.1:8082';
const PATHS = ['/storefront', '/recommend', '/similar-products', '/trending', '/products', '/status'];

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, sourcemap: false },
  server: { proxy: Object.fromEntries(PATHS.map((path) => [path, SHOP])) },
});
