// api.js - questions to the server. Every failure is an ApiError whose message is a sentence for people.
import { t } from "./words.js";
import { me } from "./state.js";

export class ApiError extends Error {
	constructor(message, status, body = {}) {
		super(message);
		this.status = status;
		this.body = body;
	}
}

/* Relative to the page, so that it works under any path. */
function address(path, query) {
	const words = new URLSearchParams();
	for (const [name, value] of Object.entries(query ?? {}))
		if (value !== undefined && value !== null && value !== "")
			words.set(name, value);
	const text = words.toString();
	return `api/${path}${text === "" ? "" : `?${text}`}`;
}

function failed(status, body) {
	if (typeof body.error === "string" && body.error !== "")
		return new ApiError(body.error, status, body);
	const key = `http-${status}`;
	const words = { 401: key, 403: key, 404: key, 413: key, 429: key, 503: key }[status] ?? "http-other";
	return new ApiError(t(words, { status }), status, body);
}

async function ask(path, query, options) {
	let reply, body;
	try {
		reply = await fetch(address(path, query), { credentials: "same-origin", ...options });
	} catch (e) {
		if (e.name === "AbortError")
			throw e;
		throw new ApiError(t("offline"), 0);
	}
	try {
		body = await reply.json();
	} catch (e) {
		if (e.name === "AbortError")
			throw e;
		body = {};
	}
	if (reply.ok)
		return body;
	const error = failed(reply.status, body);
	if (reply.status === 401 && path !== "login")
		me.ended();
	throw error;
}

export function get(path, query, signal) {
	return ask(path, query, { signal });
}

export function post(path, body, signal) {
	return ask(path, null, {
		method: "POST",
		headers: { "Content-Type": "application/json", "X-Telltale-Token": me.value?.token ?? "" },
		body: JSON.stringify(body),
		signal,
	});
}

export { address };
