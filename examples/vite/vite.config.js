import { defineConfig } from 'vite';

const { AUTHSVC_INTERNAL_URL = 'http://localhost:4100' } = process.env;

export default defineConfig({
  server: {
    // The same name everywhere: to a browser, localhost and 127.0.0.1 are two sites.
    host: 'localhost',
    port: 5173,
    strictPort: true,
    proxy: {
      '/auth': {
        target: AUTHSVC_INTERNAL_URL,
        // Both work: without a public URL, every loopback name is the service's own.
        changeOrigin: false,
        // In development the service has no path of its own.
        rewrite: (path) => path.replace(/^\/auth/, ''),
      },
      '/app-express': 'http://localhost:3001',
      '/app-flask': 'http://localhost:3002',
      '/app-go': 'http://localhost:3003',
    },
  },
});
