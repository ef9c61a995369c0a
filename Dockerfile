# The image of metafs: metaserver, metactl and metafs-operator; the pod's command says which runs.
#
#   docker build -t metafs:dev .
#
# Binaries built outside (RocksDB takes long to compile) are taken with
# --build-arg BINARIES=prebuilt from a folder prebuilt/ of the context.
ARG BINARIES=compiled

FROM rust:1.95-bookworm AS compiled
RUN apt-get update \
    && apt-get install -y --no-install-recommends clang libclang-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked --target-dir /build \
        --bin metaserver --bin metactl --bin metafs-operator \
    && mkdir /prebuilt \
    && for program in metaserver metactl metafs-operator; do \
        strip -o "/prebuilt/$program" "/build/release/$program" || exit 1; \
    done

FROM scratch AS prebuilt
COPY prebuilt/ /prebuilt/

FROM ${BINARIES} AS binaries

# libstdc++6, the one library beside libc that RocksDB needs, is part of it: apt needs it too.
FROM debian:bookworm-slim
COPY --from=binaries /prebuilt/ /usr/local/bin/
USER 65532:65532
CMD ["metaserver", "--help"]
