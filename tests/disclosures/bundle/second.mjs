// A second implementation of the proof check, by another hand's library: Node's own crypto. Prints a verdict an entry.
//     node second.mjs FOLDER  ->  {"12": true, "13": false, ...}
import { createHash, createPublicKey, verify } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

const folder = process.argv[2];
const hash = (...parts) => parts.reduce((h, part) => h.update(part), createHash("sha256")).digest();
const leafHash = (body) => hash(Buffer.of(0), body);
const nodeHash = (left, right) => hash(Buffer.of(1), left, right);

// RFC 6962, 2.1.1, from the root down: which side each sibling is on follows from index and size.
function rootOf(leaf, index, size, path) {
  if (size === 1) return path.length ? null : leaf;
  if (!path.length) return null;
  let split = 1;
  while (split * 2 < size) split *= 2;
  const sibling = path[path.length - 1];
  const rest = path.slice(0, -1);
  const isLeft = index < split;
  const inner = isLeft ? rootOf(leaf, index, split, rest) : rootOf(leaf, index - split, size - split, rest);
  return inner && (isLeft ? nodeHash(inner, sibling) : nodeHash(sibling, inner));
}

// Strict base64: Node's own reading forgives what others refuse.
function unb64(text) {
  const data = Buffer.from(text, "base64");
  if (data.toString("base64") !== text) throw new Error("base64");
  return data;
}

function ed25519Keys(policy) {
  return policy.split("\n").filter((line) => line.startsWith("log ")).flatMap((line) => {
    const [, vkey] = line.split(" ");
    const [name, id, ...key] = vkey.split("+");
    const data = unb64(key.join("+"));
    if (data[0] !== 1) return [];
    const jwk = { kty: "OKP", crv: "Ed25519", x: data.subarray(1).toString("base64url") };
    return [{ name, id, key: createPublicKey({ key: jwk, format: "jwk" }) }];
  });
}

function head(note, keys) {
  const cut = note.lastIndexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  const good = note.slice(cut + 2).split("\n").filter(Boolean).some((line) => {
    const [, name, data] = line.split(" ");
    const signature = unb64(data);
    return keys.some(
      (key) =>
        key.name === name && name === origin && signature.subarray(0, 4).toString("hex") === key.id &&
        verify(null, Buffer.from(text), key.key, signature.subarray(4)),
    );
  });
  if (!good) throw new Error("signature");
  return { size: Number(size), root: unb64(root) };
}

function isProved(line, keys) {
  try {
    const name = String(line.index).padStart(12, "0");
    const proof = readFileSync(join(folder, "proof", `${name}.tlog-proof`), "utf8");
    const cut = proof.indexOf("\n\n");
    const [title, index, ...path] = proof.slice(0, cut).split("\n");
    const signed = head(proof.slice(cut + 2), keys);
    const leaf = line.file ? leafHash(readFileSync(join(folder, "data", line.file))) : Buffer.from(line.leaf, "hex");
    const root = rootOf(leaf, line.index, signed.size, path.map(unb64));
    return title === "c2sp.org/tlog-proof@v1" && index === `index ${line.index}` && line.index < signed.size &&
      root !== null && root.equals(signed.root);
  } catch {
    return false;
  }
}

const keys = ed25519Keys(readFileSync(join(folder, "proof", "policy"), "utf8"));
const events = JSON.parse(readFileSync(join(folder, "data", "events.json"), "utf8")).events;
console.log(JSON.stringify(Object.fromEntries(events.map((line) => [line.index, isProved(line, keys)]))));
if (!existsSync(join(folder, "bagit.txt"))) process.exitCode = 1;
