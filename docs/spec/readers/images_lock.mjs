// Reads images.lock, versions 1 and 2: what docs/spec/images-lock-1.md asks of every reader.
// echo '[["reference", "postgres", "linux/amd64"]]' | node images_lock.mjs images.lock
import { readFileSync } from "node:fs";

const OCI = "application/vnd.oci.image.", DOCKER = "application/vnd.docker.distribution.manifest.";
const MANIFESTS = [OCI + "manifest.v1+json", DOCKER + "v2+json"];
const KINDS = [OCI + "index.v1+json", DOCKER + "list.v2+json", ...MANIFESTS];
const NAME = /^(?=.{1,100}$)[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/;
const LABEL = "[a-z0-9]([a-z0-9-]*[a-z0-9])?", PART = "[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*";
const PLACE = new RegExp(`^(\\[[0-9a-f:.]+\\]|${LABEL}(\\.${LABEL})*)(:[0-9]+)?/${PART}(/${PART})*$`);
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const DIGEST = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;
const PLATFORM = /^(?!unknown\/)(?![^/]*\/unknown(\/|$))[a-z0-9._-]{1,64}\/[a-z0-9._-]{1,64}(\/[a-z0-9._-]{1,64})?$/;
const LAYOUT = /^(?!\/)(?![A-Za-z]:)(?!(.*\/)?\.{0,2}(\/|$))[^\\\u0000-\u001f\u007f-\u009f]+$/;
const RULE = "(dialect )?(exclude )?(prerelease )?repository(?=.)( scheme)?( select)?( tags)?( version)?";
const ASKED = new RegExp(`^(repository tag|digest repository( tag)?|layout( tag)?|${RULE})$`);
const KEYS = ("base bundle config created dialect digest exclude extends identity images issuer key layout mediaType name path platforms prerelease " +
  "registry repository request revision scheme select signatures size source tag tags version").split(" ");

function need(holds, ...reason) {
  if (!holds) throw new Error(reason.join(" "));
}

const fits = (pattern, text) => typeof text === "string" && pattern.test(text);
const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function fields(where, value) {
  need(isObject(value), where, "is not an object");
  for (const key of Object.keys(value)) {
    const alike = !KEYS.includes(key) && KEYS.some((known) => known.toLowerCase() === key.toLowerCase());
    need(!alike && /^[A-Za-z]+$/.test(key), where, "has the key", JSON.stringify(key));
  }
  return value;
}

function check(name, image) {
  const where = `image ${JSON.stringify(name)}:`;
  need(fits(NAME, name), where, "is not a name");
  const { request, platforms, digest, mediaType, size, tag } = fields(where, image);
  fields(where + " the request", request);
  need(isObject(platforms) && Object.keys(platforms).length > 0, where, "no platforms");
  for (const [platform, locked] of Object.entries(platforms)) {
    fields(where + " a platform", locked);
    need(fits(PLATFORM, platform) && fits(DIGEST, locked.digest), where, "the platform", JSON.stringify(platform));
  }
  need(fits(DIGEST, digest), where, "the digest", digest);
  need(!("tag" in image) || fits(TAG, tag), where, "the tag", JSON.stringify(tag));
  const asked = Object.keys(request).filter((key) => KEYS.includes(key) && key !== "platforms").sort().join(" ");
  need(ASKED.test(asked), where, "a request for", asked);
  // What is locked is an answer to its request.
  const place = "layout" in request ? request.layout : request.repository;
  need(fits("layout" in request ? LAYOUT : PLACE, place), where, "a request for", JSON.stringify(place));
  const origin = "layout" in image ? image.layout : `${image.registry}/${image.repository}`;
  const both = "layout" in image && ("registry" in image || "repository" in image);
  need(origin === place && !both && "layout" in image === "layout" in request, where, "not in", place);
  need(!("digest" in request) || digest === request.digest, where, "not the digest that was asked for");
  const ruled = "version" in request || "tags" in request || "select" in request;
  need(ruled ? "tag" in image : tag === request.tag, where, "not the tag that was asked for");
  const wanted = "platforms" in request ? request.platforms : Object.keys(platforms);
  need(Array.isArray(wanted), where, "a request for platforms that are no list");
  need(JSON.stringify([...wanted].sort()) === JSON.stringify(Object.keys(platforms).sort()), where, "not the platforms that were asked for");
  const parts = Object.values(platforms);
  need(KINDS.includes(mediaType) && parts.every((part) => MANIFESTS.includes(part.mediaType)), where, "a media type");
  const same = (part) => part.digest === digest && part.mediaType === mediaType && part.size === size;
  need(MANIFESTS.includes(mediaType) ? parts.length === 1 && same(parts[0]) : !parts.some((part) => part.digest === digest),
    where, "its manifests");
}

export function read(text) {
  const lock = JSON.parse(text);
  need(isObject(lock) && Number.isInteger(lock.version) && lock.version > 0, "this is not a lock");
  need(lock.version <= 2, "version", lock.version, "is newer than this reader");
  need(isObject(fields("the lock", lock).images), "this lock has no images");
  for (const [name, image] of Object.entries(lock.images)) check(name, image);
  return new Map(Object.entries(lock.images));
}

export function answer(images, question, what, platform) {
  const reference = (image, digest, tag = "") => "registry" in image ? `${image.registry}/${image.repository}${tag}@${digest}` : null;
  if (question === "locked" || question === "asked") {
    const has = (image) => [image, ...Object.values(image.platforms)].some((part) => reference(image, part.digest) === what);
    const names = [...images].filter(([, image]) => has(image)).map(([name]) => name).sort();
    return question === "asked" ? names : names.length > 0;
  }
  const image = images.get(what);
  const digest = (platform ? new Map(Object.entries(image?.platforms ?? {})).get(platform) : image)?.digest ?? null;
  const tag = question === "tagged" && "tag" in (image ?? {}) ? `:${image.tag}` : "";
  return question === "digest" || digest === null ? digest : reference(image, digest, tag);
}

try {
  const images = read(readFileSync(process.argv[2], "utf8"));
  console.log(JSON.stringify(JSON.parse(readFileSync(0, "utf8")).map((question) => answer(images, ...question))));
} catch (error) {
  console.error(`${process.argv[2]}: ${error.message}`);
  process.exitCode = 1;
}
