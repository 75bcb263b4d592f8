// ticket.js - a story as plain text, to be put into a ticket.
import { t } from "./words.js";
import { parts } from "./time.js";
import { verdictWord } from "./parts.js";

function stamp(iso) {
	const p = parts(iso, "log");
	return p === null ? "" : `${p.date} ${p.clock} ${p.zone}`;
}

function who(address) {
	return address === null ? t("no-address") : address === "" ? "<>" : address;
}

function recipient(r) {
	const lines = [`${verdictWord(r.verdict)}: ${who(r.address)}`, `  ${r.summary}`];
	if (r.explanation)
		lines.push(`  ${r.explanation}`);
	for (const a of r.advice)
		lines.push(`  ${t(`who-${a.who}`)}: ${a.what}`);
	return lines.join("\n");
}

function step(e) {
	return `  ${stamp(e.time)}  ${t(`station-${e.station}`)}  ${e.recipient ? `${e.recipient}: ` : ""}${e.what}`;
}

function evidence(e) {
	return `  ${e.evidence.file}:${e.evidence.line}\n    ${e.evidence.text}`;
}

/* Marks that turn the direction of text do not belong into somebody's ticket. */
function harmless(text) {
	return text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
}

export function ticket(m, link) {
	const to = m.recipients.map((r) => who(r.address)).join(", ");
	const blocks = [
		`${verdictWord(m.verdict).toUpperCase()}  ${t("from")} ${who(m.from)} ${t("to")} ${to}`,
		stamp(m.time),
		m.recipients.map(recipient).join("\n\n"),
		`${t("timeline")}\n${m.timeline.map(step).join("\n")}`,
		m.warnings.length > 0 ? `${t("warnings")}\n${m.warnings.map((w) => `  ${w}`).join("\n")}` : "",
		`${t("evidence")} (${t(`confidence-${m.confidence}`)})\n${m.timeline.map(evidence).join("\n")}`,
		link,
	];
	return harmless(blocks.filter((b) => b !== "").join("\n\n"));
}
