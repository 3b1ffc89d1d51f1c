/** The only door to the server. Failures are thrown as ServerError with the server's own sentence. */

const TIMEOUT_MS = 15_000; // of what is asked again where no answer comes

class ServerError extends Error {
  constructor(status, message, body) {
    super(message);
    this.status = status;
    this.body = body;
  }
}

async function request(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ServerError(0, "The server does not answer. Is it still running?", {});
  }
  if (response.ok) return response;
  const body = await response.json().catch(() => ({}));
  throw new ServerError(response.status, body.error ?? `The server answered ${response.status}.`, body);
}

const json = async (path, options) => (await request(path, options)).json();
const bytes = async (path, options) => (await request(path, options)).arrayBuffer();
const clipPath = (id, what = "") => `/api/clips/${encodeURIComponent(id)}${what}`;

function post(path, body, extra = {}) {
  const headers = { "Content-Type": "application/json" };
  return request(path, { method: "POST", headers, body: JSON.stringify(body), ...extra });
}

export const project = () => json("/api/project");
export const status = (since) => json(`/api/status?since=${since}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
export const clip = (id) => json(clipPath(id));
export const mel = async (id) => new Int16Array(await bytes(clipPath(id, "/mel")));
export const sound = (id) => bytes(clipPath(id, "/sound.wav"));

/** Save a clip's labels; `leaving` lets the request outlive the page. */
export async function saveLabels(id, labels, leaving = false) {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  return (await post(clipPath(id, "/labels"), labels, { keepalive: leaving, signal })).json();
}

/** The clip as it would be cut: its sound, and the stretches [start_s, end_s] of the clip that it holds. */
export async function preview(id, labels) {
  const response = await post(clipPath(id, "/preview"), labels);
  return { kept: JSON.parse(response.headers.get("X-Kept")), data: await response.arrayBuffer() };
}

export const startTraining = async () => (await post("/api/training/start", {})).json();
export const stopTraining = async () => (await post("/api/training/stop", {})).json();

/** Send one sound file; `onProgress(share)` is called as it goes (fetch cannot tell). */
export function uploadRecording(file, onProgress) {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest();
    sending.upload.onprogress = (event) => onProgress(event.loaded / event.total);
    sending.onerror = () => reject(new ServerError(0, `${file.name}: sending broke off`, {}));
    sending.onload = () => {
      const body = parsed(sending.responseText);
      if (sending.status < 300) resolve(body);
      else reject(new ServerError(sending.status, body.error ?? `The server answered ${sending.status}.`, body));
    };
    sending.open("POST", `/api/recordings?name=${encodeURIComponent(file.name)}`);
    sending.setRequestHeader("Content-Type", "application/octet-stream");
    sending.send(file);
  });
}

/** An answer's object; what is none, such as the server's own refusal of too large a body, says nothing. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Let the server tell no more of recordings that are done or failed; resolves to those that are not. */
export const forgetJobs = async () => (await post("/api/recordings/forget", {})).json();

/** How many clips an export would hold and leave out: {clips, left_out}. */
export const exportable = () => json("/api/export");

/** Import a label file made elsewhere for one recording. */
export async function importLabels(file, recording, mean) {
  const query = new URLSearchParams({ name: file.name, recording, mean });
  const headers = { "Content-Type": "application/octet-stream" };
  return json(`/api/import?${query}`, { method: "POST", headers, body: file });
}
