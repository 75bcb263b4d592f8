// time.js - times as the log has them ("2021-03-09T12:43:51+02:00"), or in the reader's zone.
import { t, count } from "./words.js";

const LOCALE = "en-GB";
const mine = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
const PARTS = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/;

const dayLong = new Intl.DateTimeFormat(LOCALE, {
	weekday: "long", day: "numeric", month: "long", year: "numeric", timeZone: "UTC",
});
const dayShort = new Intl.DateTimeFormat(LOCALE, { weekday: "short", day: "numeric", month: "short", timeZone: "UTC" });
const clockMine = new Intl.DateTimeFormat(LOCALE, {
	year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit",
	hourCycle: "h23", timeZone: mine,
});

export const readersZone = mine;

function offsetWords(minutes) {
	const m = Math.abs(minutes);
	const two = (n) => String(n).padStart(2, "0");
	return `${minutes < 0 ? "-" : "+"}${two(Math.floor(m / 60))}:${two(m % 60)}`;
}

/* The moment taken apart: { date, clock, zone } of the log's zone or of the reader's; null when it is no time. */
export function parts(iso, zone) {
	const m = PARTS.exec(iso ?? "");
	if (m === null)
		return null;
	if (zone !== "mine")
		return { date: `${m[1]}-${m[2]}-${m[3]}`, clock: `${m[4]}:${m[5]}:${m[6] ?? "00"}`, zone: m[7] ?? "" };
	const at = new Date(iso);
	const p = Object.fromEntries(clockMine.formatToParts(at).map((x) => [x.type, x.value]));
	const local = Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute, p.second);
	const minutes = Math.round((local - Math.floor(at / 1000) * 1000) / 60000);
	return {
		date: `${p.year}-${p.month}-${p.day}`,
		clock: `${p.hour}:${p.minute}:${p.second}`,
		zone: offsetWords(minutes),
	};
}

function noon(date) {
	return new Date(`${date}T12:00:00Z`);
}

/* "Tuesday, 9 March 2021" */
export function longDay(date) {
	return dayLong.format(noon(date));
}

export function shortDay(date) {
	return dayShort.format(noon(date));
}

/* Both zones, for whoever points at it. */
export function both(iso) {
	const log = parts(iso, "log");
	const own = parts(iso, "mine");
	if (log === null)
		return "";
	const words = (p) => `${p.date} ${p.clock} ${p.zone}`;
	if (log.zone === own.zone)
		return words(log);
	return t("both-zones", { log: words(log), mine: words(own), zone: mine });
}

/* Would the reader's zone show another time? */
export function differs(iso) {
	const log = parts(iso, "log");
	return log !== null && parts(iso, "mine").clock !== log.clock;
}

/* "3 s", "5 min 20 s", "2 h", "3 d 4 h" */
export function span(seconds) {
	const s = Math.round(seconds);
	const of = (n, big, rest, small) => `${count(n)} ${t(big)}${rest > 0 ? ` ${rest} ${t(small)}` : ""}`;
	if (s < 60)
		return `${s} ${t("s")}`;
	if (s < 3600)
		return of(Math.floor(s / 60), "min", s % 60, "s");
	if (s < 86400)
		return of(Math.floor(s / 3600), "h", Math.floor((s % 3600) / 60), "min");
	return of(Math.floor(s / 86400), "d", Math.floor((s % 86400) / 3600), "h");
}

export function millis(ms) {
	if (ms === null || ms === undefined)
		return "";
	if (ms === 0)
		return `< 1 ${t("s")}`;
	return ms < 1000 ? `${ms} ${t("ms")}` : ms < 10000 ? `${(ms / 1000).toFixed(1)} ${t("s")}` : span(ms / 1000);
}

export function seconds(iso) {
	return Date.parse(iso) / 1000;
}

/* The minute of that second, as questions name it. */
export function minute(at) {
	return new Date(at * 1000).toISOString().replace(/:\d\d\.\d+Z$/, "Z");
}
