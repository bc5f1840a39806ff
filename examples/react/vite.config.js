import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const { AUTHSVC_INTERNAL_URL = 'http://localhost:4100' } = process.env;

export default defineConfig({
  plugins: [react()],
  server: {
    // Use one name everywhere: to a browser, localhost and 127.0.0.1 are two sites.
    host: 'localhost',
    port: 5173,
    strictPort: true,
    proxy: {
      '/auth': {
        target: AUTHSVC_INTERNAL_URL,
        // Either value works: without a public URL, the service accepts every loopback host name.
        changeOrigin: false,
        // In development the service is not under a path.
        rewrite: (path) => path.replace(/^\/auth/, ''),
      },
    },
  },
});
