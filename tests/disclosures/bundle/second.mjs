// A second implementation of the proof check of a bag, on the libraries of another hand (noble-curves, -hashes,
// -post-quantum): manifests, policy, signatures of the log and of witnesses, inclusion, consistency, quorum.
//     node second.mjs   reads lines {"folder": ..., "policy": text or "", "checkpoints": [note, ...]}
//     and answers each: {"whole": bool, "usable": bool, "entries": [index, ...],
//                        "heads": [{"size", "witnesses": {name: time}, "quorum_at"}, ...], "continued": [bool or null]}
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256, sha512 } from "@noble/hashes/sha2.js";
import { ml_dsa44 } from "@noble/post-quantum/ml-dsa.js";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";

const ED25519 = 1, COSIGNATURE = 4, ML_DSA_44 = 6;
const KEY_BYTES = { [ED25519]: 32, [COSIGNATURE]: 32, [ML_DSA_44]: 1312 };
const LAST_SECOND = 253402300799n; // of the year 9999

const bytes = (text) => new TextEncoder().encode(text);
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const same = (one, other) => Buffer.compare(one, other) === 0;
const hex = (data) => Buffer.from(data).toString("hex");
const u64 = (number) => { const data = Buffer.alloc(8); data.writeBigUInt64BE(number); return data; };
const textOf = (data) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(data);

function must(condition, what) {
  if (!condition) throw new Error(what);
}

function unb64(text) {
  must(/^[A-Za-z0-9+/]+={0,2}$/.test(text), "base64");
  const data = Buffer.from(text, "base64");
  must(data.toString("base64") === text, "base64"); // Node's own reading forgives what others refuse
  return Uint8Array.from(data);
}

function hashOf(text) {
  const data = unb64(text);
  must(data.length === 32, "a hash of 32 bytes");
  return data;
}

function cutAt(text, place) {
  must(place >= 0, "an empty line");
  return [text.slice(0, place), text.slice(place + 2)];
}

// --- trees (RFC 6962, 2.1), from the root down; sizes are exact

const nodeHash = (left, right) => sha256(joined([1], left, right));

function splitOf(size) {
  let split = 1n;
  while (split * 2n < size) split *= 2n;
  return split;
}

function rootOf(leaf, index, size, path) {
  if (size === 1n) { must(!path.length, "a shorter path"); return leaf; }
  must(path.length, "a longer path");
  const split = splitOf(size), sibling = path.at(-1), rest = path.slice(0, -1);
  return index < split
    ? nodeHash(rootOf(leaf, index, split, rest), sibling)
    : nodeHash(sibling, rootOf(leaf, index - split, size - split, rest));
}

// RFC 6962, 2.1.2: the old root and the new one, as the proof makes them. `isWhole`: the old root is that of this part.
function rootsOf(old, size, path, isWhole, known) {
  if (old === size) {
    if (isWhole) { must(!path.length, "a shorter path"); return [known, known]; }
    must(path.length === 1, "one hash");
    return [path[0], path[0]];
  }
  must(path.length, "a longer path");
  const split = splitOf(size), sibling = path.at(-1), rest = path.slice(0, -1);
  if (old <= split) {
    const [before, after] = rootsOf(old, split, rest, isWhole, known);
    return [before, nodeHash(after, sibling)];
  }
  const [before, after] = rootsOf(old - split, size - split, rest, false, known);
  return [nodeHash(sibling, before), nodeHash(sibling, after)];
}

function continues(old, head, path) {
  if (!(0n < old.size && old.size <= head.size)) return false;
  try {
    const [before, after] = rootsOf(old.size, head.size, path, true, old.root);
    return same(before, old.root) && same(after, head.root);
  } catch {
    return false;
  }
}

// --- notes, checkpoints, keys (C2SP signed-note, tlog-checkpoint, tlog-cosignature)

const NAME = "[^\\p{White_Space}+]+";

function keyOf(text) {
  const found = new RegExp(`^(${NAME})\\+([0-9a-f]{8})\\+([A-Za-z0-9+/]+={0,2})$`, "u").exec(text);
  must(found, "a key");
  const [, name, id, encoded] = found, data = unb64(encoded), type = data[0], key = data.slice(1);
  must(KEY_BYTES[type] === key.length, "a kind of key that is known");
  must(hex(sha256(joined(bytes(`${name}\n`), data)).slice(0, 4)) === id, "the id of the key");
  return { name, id, type, key, text };
}

function headOf(text) {
  const found = /^([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]+={0,2})\n([^\n]+\n)*$/.exec(text);
  must(found && text.endsWith("\n"), "a checkpoint");
  return { origin: found[1], size: BigInt(found[2]), root: hashOf(found[3]) };
}

function linesOf(note) {
  const [text, lines] = cutAt(note, note.lastIndexOf("\n\n"));
  must(lines.endsWith("\n") && !/[\x00-\x09\x0b-\x1f]/.test(note), "a signed note");
  return [`${text}\n`, lines.slice(0, -1).split("\n").map((line) => {
    const found = new RegExp(`^— (${NAME}) ([A-Za-z0-9+/]+={0,2})$`, "u").exec(line);
    must(found, "a signature line");
    const data = unb64(found[2]);
    must(data.length >= 5, "a signature line");
    return { name: found[1], id: hex(data.slice(0, 4)), signature: data.slice(4) };
  })];
}

function timeOf(key, line, text, head) {
  if (key.type === ED25519) {
    must(isSigned(ed25519, line.signature, bytes(text), key.key, { zip215: false }), "a signature");
    return 0n;
  }
  must(line.signature.length > 8, "a cosignature");
  const time = Buffer.from(line.signature).readBigUInt64BE(), signature = line.signature.slice(8);
  must(time <= LAST_SECOND, "a time");
  if (key.type === COSIGNATURE) {
    must(isSigned(ed25519, signature, bytes(`cosignature/v1\ntime ${time}\n${text}`), key.key, { zip215: false }), "a cosignature");
    return time;
  }
  const [name, origin] = [bytes(key.name), bytes(head.origin)];
  must(name.length < 256 && origin.length < 256, "names of less than 256 bytes");
  const message = joined(bytes("subtree/v1\n\0"), [name.length], name, u64(time), [origin.length], origin, u64(0n), u64(head.size), head.root);
  must(isSigned(ml_dsa44, signature, message, key.key), "a cosignature");
  return time;
}

function isSigned(algorithm, ...given) {
  try { return algorithm.verify(...given); } catch { return false; }
}

// --- policies (C2SP tlog-policy)

function policyOf(text) {
  must(!/[\x00-\x08\x0b-\x1f\x7f]/.test(text), "no control characters");
  const policy = { logs: [], witnesses: new Map(), groups: new Map(), quorum: "" };
  const taken = new Set(["none"]), members = new Set();
  const define = (name) => { must(!taken.has(name), "a new name"); taken.add(name); };
  const isDefined = (name) => policy.witnesses.has(name) || policy.groups.has(name);
  for (const line of text.split("\n")) {
    const words = line.split(/[ \t]+/).filter(Boolean);
    if (!words.length || words[0].startsWith("#")) continue;
    const [kind, ...rest] = words;
    if (kind === "log" && (rest.length === 1 || rest.length === 2)) {
      const key = keyOf(rest[0]);
      must(key.type !== COSIGNATURE && policy.logs.every((other) => !same(other.key, key.key)), "a new log");
      policy.logs.push(key);
    } else if (kind === "witness" && (rest.length === 2 || rest.length === 3)) {
      const key = keyOf(rest[1]);
      must(key.type !== ED25519 && [...policy.witnesses.values()].every((other) => !same(other.key, key.key)), "a new witness");
      define(rest[0]);
      policy.witnesses.set(rest[0], key);
    } else if (kind === "group" && rest.length > 2) {
      const [name, least, ...of] = rest;
      for (const member of of) {
        must(isDefined(member) && !members.has(member), "a member that is defined, and of one group");
        members.add(member);
      }
      must(/^(any|all|[1-9][0-9]{0,8})$/.test(least), "a number of members");
      const needed = { any: 1, all: of.length }[least] ?? Number(least);
      must(needed <= of.length, "as many members");
      define(name);
      policy.groups.set(name, { needed, of });
    } else {
      must(kind === "quorum" && rest.length === 1 && !policy.quorum, "a line of a policy");
      must(rest[0] === "none" || isDefined(rest[0]), "a quorum that is defined");
      policy.quorum = rest[0];
    }
  }
  must(policy.quorum, "a quorum");
  return policy;
}

function reachedAt(policy, name, by) {
  if (policy.witnesses.has(name)) return by.get(name) ?? null;
  const { needed, of } = policy.groups.get(name);
  const times = of.map((member) => reachedAt(policy, member, by)).filter((time) => time !== null);
  return times.sort((a, b) => (a < b ? -1 : 1))[needed - 1] ?? null;
}

function open(policy, note) {
  const [text, lines] = linesOf(note), head = headOf(text), by = new Map();
  let isByLog = false;
  for (const line of lines) {
    const isOf = (key) => key.name === line.name && key.id === line.id;
    for (const key of policy.logs) {
      if (isOf(key) && key.name === head.origin) { timeOf(key, line, text, head); isByLog = true; }
    }
    for (const [name, key] of policy.witnesses) if (isOf(key)) by.set(name, timeOf(key, line, text, head));
  }
  must(isByLog, "a signature of a log that is known");
  return { ...head, by, quorumAt: policy.quorum === "none" ? null : reachedAt(policy, policy.quorum, by) };
}

// --- the bag

function filesOf(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

// RFC 8493, with both hashes, and no file beside those that are listed.
function isWhole(folder) {
  const names = filesOf(folder), payload = names.filter((name) => name.startsWith("data/"));
  const tags = names.filter((name) => !name.startsWith("data/") && !name.startsWith("tagmanifest-"));
  must(textOf(readFileSync(join(folder, "bagit.txt"))) === "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bagit.txt");
  for (const [kind, expected] of [["manifest", payload], ["tagmanifest", tags]]) {
    for (const [algorithm, hash] of [["sha256", sha256], ["sha512", sha512]]) {
      const lines = textOf(readFileSync(join(folder, `${kind}-${algorithm}.txt`))).split("\n");
      must(lines.pop() === "", "an end of the last line");
      const listed = new Map(lines.map((line) => {
        const found = /^([0-9a-f]+) {2}(.+)$/s.exec(line);
        must(found, "a line of a manifest");
        return [found[2].replace(/%0[AaDd]|%25/g, (code) => String.fromCharCode(parseInt(code.slice(1), 16))), found[1]];
      }));
      must(listed.size === lines.length && listed.size === expected.length, "every file once");
      for (const name of expected) must(listed.get(name) === hex(hash(readFileSync(join(folder, name)))), name);
    }
  }
  const oxum = /^Payload-Oxum: (\d+)\.(\d+)$/m.exec(textOf(readFileSync(join(folder, "bag-info.txt"))));
  return oxum !== null && Number(oxum[2]) === payload.length;
}

class Check {
  constructor({ folder, policy, checkpoints }) {
    this.folder = folder;
    this.checkpoints = checkpoints;
    this.opened = new Map();
    this.policy = attempt(() => policyOf(policy || textOf(this.read("proof/policy"))), null);
  }

  read(name) {
    return Uint8Array.from(readFileSync(join(this.folder, name)));
  }

  signed(note) {
    must(this.policy, "a policy");
    if (!this.opened.has(note)) this.opened.set(note, open(this.policy, note));
    return this.opened.get(note);
  }

  isProved(line) {
    const index = BigInt(line.index), name = String(line.index).padStart(12, "0");
    const [head, note] = cutAtFirst(textOf(this.read(`proof/${name}.tlog-proof`)));
    const [title, ...lines] = head.split("\n");
    must(title === "c2sp.org/tlog-proof@v1", "a proof");
    if (lines[0]?.startsWith("extra ")) unb64(lines.shift().slice(6));
    const [stated, ...path] = lines;
    must(stated === `index ${index}`, "this index");
    const hashes = path.map(hashOf), leaf = line.file ? sha256(joined([0], this.read(`data/${line.file}`))) : Uint8Array.from(Buffer.from(line.leaf, "hex"));
    const signed = this.signed(note);
    return index < signed.size && same(rootOf(leaf, index, signed.size, hashes), signed.root);
  }

  isContinued(note) {
    const old = this.signed(note), others = [...this.opened].filter(([other]) => other !== note);
    const head = others.length ? others[0][1] : old;
    if (old.size === head.size) return same(old.root, head.root);
    const name = `proof/consistency/${old.size}`;
    if (!existsSync(join(this.folder, name))) return null;
    const [top] = cutAtFirst(textOf(this.read(name)));
    const [stated, ...path] = top.split("\n");
    must(stated === `old ${old.size}`, "this old size");
    return continues(old, head, path.map(hashOf));
  }

  answer() {
    const events = attempt(() => JSON.parse(textOf(this.read("data/events.json"))).events, []);
    const entries = events.filter((line) => attempt(() => this.isProved(line), false)).map((line) => line.index);
    const continued = this.checkpoints.map((note) => attempt(() => this.isContinued(note), false));
    const heads = [...this.opened.values()].map(({ size, by, quorumAt }) => ({
      size: Number(size),
      witnesses: Object.fromEntries([...by].map(([name, time]) => [name, Number(time)])),
      quorum_at: quorumAt === null ? null : Number(quorumAt),
    }));
    return { whole: attempt(() => isWhole(this.folder), false), usable: this.policy !== null, entries, heads, continued };
  }
}

function attempt(what, otherwise) {
  try { return what(); } catch { return otherwise; }
}

function cutAtFirst(text) {
  return cutAt(text, text.indexOf("\n\n"));
}

for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(new Check(JSON.parse(line)).answer()));
