const headers = [{ key: 'Content-Security-Policy', value: "form-action 'self'; frame-ancestors 'none'" }];

export default {
  headers: async () => [{ source: '/:path*', headers }],
};
