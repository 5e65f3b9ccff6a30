# The whole program is one bundle, so the image is Node.js and that file: no node_modules, no sources, no tools.

FROM node:24-bookworm-slim AS build
# Another npm registry than the public one, when set.
ARG NPM_CONFIG_REGISTRY
WORKDIR /build
# First what the lock file speaks of, so that a change of sources does not install everything again.
COPY package.json package-lock.json ./
COPY packages/contracts/package.json packages/contracts/
COPY packages/hosting/package.json packages/hosting/
COPY packages/messaging/package.json packages/messaging/
COPY packages/quartet/package.json packages/quartet/
COPY packages/stripe-simulator/package.json packages/stripe-simulator/
COPY services/inventory/package.json services/inventory/
COPY services/order/package.json services/order/
COPY services/payment/package.json services/payment/
COPY services/warehouse/package.json services/warehouse/
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund
COPY tsconfig.base.json ./
COPY packages packages
COPY services services
RUN node packages/quartet/bin/build.js

FROM node:24-bookworm-slim
# The only folders that are written to: the keys' and the simulator's ledger's.
RUN mkdir /data /keys && chown node:node /data /keys
COPY --from=build /build/packages/quartet/dist/quartet-main.js /app/quartet.mjs
COPY docker/edge.mjs docker/healthy.sh /app/
ENV QUARTET_HOME=/data HOST=0.0.0.0 OPS_PORT=9000 LOG_FORMAT=json
USER node
WORKDIR /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=3s --timeout=10s --start-period=60s --retries=10 CMD ["bash", "/app/healthy.sh"]
ENTRYPOINT ["node", "/app/quartet.mjs"]
CMD ["--help"]
