# The service as an image: the same scripts as on a machine build it, then only what runs is kept.

FROM rust:1.95-bookworm AS build
WORKDIR /src
# libtorch first: it changes least and weighs most.
COPY Cargo.toml ./
COPY scripts scripts
RUN scripts/setup.sh run
COPY . .
RUN cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update -qq \
    && apt-get install -qq --yes --no-install-recommends ca-certificates libstdc++6 tzdata \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/huifang --create-home huifang
WORKDIR /opt/huifang
# The program looks for its libraries in ../lib and for its models in the working directory.
COPY --from=build /src/.libtorch/lib lib
COPY --from=build /src/target/release/huifang /src/target/release/huifang-decode bin/
COPY models models
COPY huifang.example.toml LICENSE-MIT LICENSE-APACHE ./
COPY --chmod=755 scripts/container.sh bin/container.sh
ENV PATH=/opt/huifang/bin:$PATH \
    HUIFANG_SERVER__LISTEN=0.0.0.0:8080 \
    HUIFANG_DATABASE__URL=sqlite:/var/lib/huifang/huifang.db \
    HUIFANG_MEDIA__URL=file:/var/lib/huifang/media
USER huifang
VOLUME /var/lib/huifang
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.0\\r\\n\\r\\n' >&3 && grep -q '^HTTP/1.. 200' <&3"]
ENTRYPOINT ["container.sh"]
CMD ["serve", "--role", "all"]
