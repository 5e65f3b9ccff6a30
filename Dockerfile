# The whole program is one bundle, so the image is Node.js and that file: no node_modules, no sources, no tools.

ARG NODE_IMAGE=node:24-bookworm-slim
FROM $NODE_IMAGE AS build
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

FROM $NODE_IMAGE
# The only folders that are written to: the keys', the simulator's ledger's, and those of the passwords. A new volume takes
# its owner and mode from the folder that it is mounted on.
RUN mkdir /data /keys && for reader in postgres rabbitmq topology simulator order payment inventory warehouse quartet; do \
      install -d -m 700 -o node -g node "/secrets/$reader"; \
    done && chown node:node /data /keys
COPY --from=build /build/packages/quartet/dist/quartet-main.js /app/quartet.mjs
COPY docker/edge.mjs docker/healthy.sh docker/secrets.mjs /app/
ENV QUARTET_HOME=/data HOST=0.0.0.0 OPS_PORT=9000 LOG_FORMAT=json
USER node
WORKDIR /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=3s --timeout=10s --start-period=60s --retries=10 CMD ["bash", "/app/healthy.sh"]
ENTRYPOINT ["node", "/app/quartet.mjs"]
CMD ["--help"]
