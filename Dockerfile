# The README's two commands, with the pins of requirements.txt, on Debian's Python: docs/scaling.md, "A container".
FROM debian:trixie-slim

# Versions of Debian's packages are those of the base image's release.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make python3-venv \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 fer \
    && install --directory --owner=1000 --group=1000 /project
USER 1000
WORKDIR /project

# What is installed is a layer that a change of code leaves as it is; `src` is only linked to.
COPY --chown=1000:1000 Makefile requirements.txt pyproject.toml README.md LICENSE ./
RUN mkdir src && PIP_NO_CACHE_DIR=1 make install

COPY --chown=1000:1000 . .
# The files just copied may be newer than a layer from an earlier build: `make run` is not to install again.
RUN touch .venv/.installed

ENV PATH=/project/.venv/bin:$PATH
VOLUME /project/data
EXPOSE 8000
CMD ["make", "run"]
