FROM node:20-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data METRICS_PORT=9464
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev
COPY migrations ./migrations
COPY schema ./schema
COPY src ./src
COPY tsconfig.json ./
RUN mkdir /data && chown node /data
USER node
EXPOSE 4000
# A worker answers there, too.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.METRICS_PORT + '/health/ready').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, which would swallow SIGTERM.
CMD ["node", "--import", "tsx", "src/main.ts"]
