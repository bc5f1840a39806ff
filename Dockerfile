# Build: docker build --tag authsvc .
# Run:   docs/deploy.md
ARG BASE=node:22-bookworm-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install --yes --no-install-recommends g++ make python3 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN node scripts/setup.mjs
# The lockfile's packages without those for desktops; the driver of SQLite is compiled already.
RUN npx --yes "$(node --print 'require("./package.json").packageManager')" --filter authsvc \
    deploy --legacy --prod --no-optional --ignore-scripts /opt/authsvc \
 && cd node_modules/.pnpm \
 && cp --parents sqlite3@*/node_modules/sqlite3/build/Release/*.node /opt/authsvc/node_modules/.pnpm/

# The application of examples/compose: docker build --target example .
FROM ${BASE} AS example
WORKDIR /app
COPY examples/express ./
RUN npm ci --omit=dev
COPY --from=build /opt/authsvc/node_modules/@authsvc/client node_modules/@authsvc/client
USER 65534:65534
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
EXPOSE 3000
CMD ["node", "app.js"]

FROM ${BASE} AS service
COPY --from=build /opt/authsvc /opt/authsvc
RUN ln -s /opt/authsvc/bin/authsvc.js /usr/local/bin/authsvc \
 && install --directory --owner=65534 --group=65534 --mode=0700 /data
USER 65534:65534
WORKDIR /data
# The service makes its own folder in the volume, so that the volume's owner and mode do not matter.
ENV NODE_ENV=production HOME=/data TMPDIR=/data AUTHSVC_DATA_DIR=/data/authsvc AUTHSVC_LISTEN_HOST=0.0.0.0
VOLUME /data
EXPOSE 4100
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD ["authsvc", "daemon", "status"]
ENTRYPOINT ["authsvc"]
CMD ["serve"]
