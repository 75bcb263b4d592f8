// timeline.js - the way of a message, station by station. What concerns one of several recipients is a branch of his.
import { html } from "./ui.js";
import { t, known, upper } from "./words.js";
import { zone } from "./state.js";
import { parts, seconds, shortDay, span } from "./time.js";
import { Icon } from "./icons.js";
import { Address, Copy, Time, Verdict, isGood, toneOf } from "./parts.js";
import { stations, toneOfStep } from "./steps.js";

const CHECK_ICONS = { passed: "delivered", refused: "close", allowed: "delivered", skipped: "next", error: "warning" };

function Evidence({ e, confidence }) {
	const file = e.file.split("/").pop();
	return html`<details class="evidence"><summary><span class="mono"><bdi>${file}</bdi>:${e.line}</span>
			${confidence !== "exact" && html`
				<span class="sure">${t(`confidence-${confidence}`)}</span>`}</summary>
		<div class="evidence-in"><p class="faint mono"><bdi>${e.file}</bdi>, ${t("line", { n: e.line })}</p>
		<pre dir="ltr"><bdi>${e.text}</bdi></pre>
			<${Copy} kind="small" text=${e.text}>${t("copy-line")}<//></div></details>`;
}

/* The checks of a stage: each a chip; what was not asked for one and the same reason shares its words. */
function Checks({ step }) {
	const whys = new Set(step.checks.filter((c) => c.outcome === "skipped").map((c) => c.why));
	const shared = whys.size === 1 ? [...whys][0] : null;
	return html`<ul class="checks" aria-label=${t("checks")}>${step.checks.map((c, i) => html`
		<li key=${i} class=${`check-${c.outcome}`}>
		<${Icon} name=${CHECK_ICONS[c.outcome] ?? "info"} />
			<span class="out">${known(`check-${c.outcome}`, c.outcome)}: </span>
			<bdi>${c.name}</bdi>${c.ms > 0 && html` <span>${c.ms} ms</span>`}${
			c.why && c.why !== shared && html` <bdi>${c.why}</bdi>`}</li>`)}</ul>${shared && html`
				<p class="faint small">${t("check-skipped")}: <bdi>${shared}</bdi></p>`}`;
}

function What({ step }) {
	if (!(step.checks?.length > 0))
		return html`<p class="step-title"><bdi>${upper(step.what)}</bdi></p>`;
	return html`<p class="step-title">${known(`stage-${step.stage}`, upper(step.stage ?? ""))}</p>
		<${Checks} step=${step} />`;
}

/* Between two steps nothing is said of less than a second: the logs count whole ones. */
function Gap({ from, to }) {
	const s = from ? seconds(to) - seconds(from) : 0;
	return s >= 1 ? html`<span class="gap">${t("after", { span: span(s) })}</span>` : null;
}

function Step({ step, before, where }) {
	const p = parts(step.time, where);
	const turned = before && parts(before.time, where)?.date !== p?.date;
	return html`<li class=${`step step-${toneOfStep(step)}`}>
		<div class="step-when">${step.time !== before?.time && html`
			<${Time} at=${step.time} />`}${turned && p && html`
			<span class="gap">${shortDay(p.date)}</span>`}
			<${Gap} from=${before?.time} to=${step.time} /></div>
		<div class="step-what"><${What} step=${step} />
			<${Evidence} e=${step.evidence} confidence=${step.confidence} /></div></li>`;
}

function Way({ steps }) {
	const where = zone.use();
	let before = null;
	return html`<ol class="way">${stations(steps).map((s, i) => html`<li key=${i} class="station">
		<h3><${Icon} name=${s.station} />${t(`station-${s.station}`)}</h3>
		<ol>${s.steps.map((step, k) => {
			const out = html`<${Step} key=${k} step=${step} before=${before} where=${where} />`;
			before = step;
			return out;
		})}</ol></li>`)}</ol>`;
}

function Branch({ r, steps, open }) {
	return html`<details class=${`branch edge-${toneOf(r.verdict)}`} open=${open}>
		<summary><${Verdict} verdict=${r.verdict} /><${Address} value=${r.address} />
			<span class="faint">${t("steps", { n: steps.length })}</span></summary>
				<${Way} steps=${steps} /></details>`;
}

export function Timeline({ m }) {
	const many = m.recipients.length > 1;
	const shared = many ? m.timeline.filter((e) => e.recipient === null) : m.timeline;
	const good = (r) => isGood(r.verdict);
	const order = [...m.recipients].sort((a, b) => good(a) - good(b));
	const open = (r) => !good(r) || (m.recipients.length <= 3 && m.recipients.every(good));
	const first = m.timeline[0];
	const last = m.timeline[m.timeline.length - 1];
	const took = first && last ? seconds(last.time) - seconds(first.time) : 0;
	return html`<section class="card timeline"><div class="tools"><h2>${t("timeline")}</h2>
			<span class="faint">${took >= 1 ? t("took", { span: span(took) }) : t("took-none")}</span></div>
		${many && shared.length > 0 && html`<h3 class="trunk">${t("for-all")}</h3>`}
		<${Way} steps=${shared} />
		${many && order.map((r, i) => html`<${Branch} key=${i} r=${r} open=${open(r)}
			steps=${m.timeline.filter((e) => e.recipient === r.address)} />`)}
	</section>`;
}
