// queue.js - why each message waits, and when it is tried again. Administrators may act on it.
import { html, useState } from "./ui.js";
import { t, bytes, known } from "./words.js";
import { isAdmin, say, scope } from "./state.js";
import { get, post } from "./api.js";
import { link } from "./route.js";
import { span } from "./time.js";
import { Address, Button, Confirm, Failed, Heading, Loading, Notice, Time, useAnswer } from "./parts.js";

const TONES = {
	held: "mixed", paused: "mixed", delivering: "moved", new: "wait", "put-off": "later", "no-place": "wait",
	"left-alone": "later", "bounce-due": "back", away: "bad", damaged: "bad", done: "good",
};

/* What may be done with a recipient in that state. */
function actsOf(r) {
	if (r.state === "held")
		return ["release", "delete"];
	return r.state === "waiting" ? ["retry", "hold", "delete"] : [];
}

function Acts({ m, r, act }) {
	const label = (what) => t(`queue-${what}-label`, { to: r.address ?? r.index, qp: m.qp });
	return html`<div class="queue-acts">${actsOf(r).map((what) => html`<${Button} key=${what} kind="small"
		onClick=${() => act(what, m, r)} aria-label=${label(what)}>${t(`queue-${what}`)}<//>`)}</div>`;
}

function When({ name, children }) {
	return html`<div><dt>${t(`queue-${name}`)}</dt><dd>${children}</dd></div>`;
}

function Recipient({ m, r, act }) {
	const tone = TONES[r.waits] ?? "wait";
	const waits = html`<span class=${`verdict tone-${tone}`}>${known(`waits-${r.waits}`, r.waits)}</span>`;
	return html`<li class="queue-rcpt">
		<div class="queue-who"><p class="queue-to">${waits}<${Address} value=${r.address ?? t("not-shown")} /></p>
			<p class="queue-why"><bdi>${r.why}</bdi></p>
			${r.last && !r.why.startsWith(r.last) && html`<p class="faint">${t("queue-last")} <bdi>${r.last}</bdi></p>`}
			${r.last?.endsWith(" ...") && html`<details class="fold"><summary>${t("queue-whole")}</summary>
				<p class="faint mono"><bdi>${r.reason}</bdi></p></details>`}</div>
		<dl class="queue-when">
			${r.waits !== "delivering" && html`<${When} name="next">
				${r.next ? html`<${Time} at=${r.next} day />` : t("queue-never")}<//>`}
			<${When} name="until">${r.until ? html`<${Time} at=${r.until} day />` : "–"}<//>
			<${When} name="attempts">${r.attempts}<//></dl>
		${act && html`<${Acts} m=${m} r=${r} act=${act} />`}</li>`;
}

function Message({ m, act }) {
	const about = [t("queue-since", { span: span(m.age) }), bytes(m.size), `qp ${m.qp}`].join(" · ");
	return html`<li class="card queue-item">
		<div class="queue-head"><a href=${link("story", { id: `qp ${m.qp}` })}>
				<strong><${Address} value=${m.sender ?? t("not-shown")} /></strong></a>
			<span class="faint">${about}</span></div>
		${m.damage && html`<p class="wrong">${m.damage}</p>`}
		<ul>${m.recipients.map((r) => html`<${Recipient} key=${r.index} m=${m} r=${r} act=${act} />`)}</ul>
		${m.omitted > 0 && html`<p class="faint">${t("and-more", { n: m.omitted })}</p>`}</li>`;
}

function fits(m, text) {
	const words = text.toLowerCase().split(/\s+/).filter(Boolean);
	const all = [m.sender, m.qp, ...m.recipients.flatMap((r) => [r.address, r.original, r.why, r.reason, r.waits])];
	const known = all.join(" ").toLowerCase();
	return words.every((w) => known.includes(w));
}

/* One act at a time: asked for, then done, then the queue is read anew. */
function useActs(again) {
	const [asked, ask] = useState(null);
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(null);
	const [done, setDone] = useState("");
	const close = () => {
		ask(null);
		setError(null);
	};
	const perform = async (what, m, r) => {
		setBusy(true);
		setError(null);
		try {
			await post("queue", { action: what, qp: m.qp, recipient: r.index });
			const words = t(`queue-${what}-done`, { to: r.address ?? r.index });
			setDone(words);
			say(words);
			close();
			again();
		} catch (e) {
			setError(e);
		}
		setBusy(false);
	};
	const start = (what, m, r) => {
		setError(null);
		if (what === "retry" || what === "release")
			perform(what, m, r);
		else
			ask({ what, m, r });
	};
	return { asked, busy, error, done, start, close, perform };
}

function List({ answer, text, act }) {
	const { data, error, again } = answer;
	if (error)
		return html`<${Failed} error=${error} again=${again} />`;
	if (!data)
		return html`<${Loading} />`;
	const list = data.messages.filter((m) => fits(m, text));
	if (list.length === 0)
		return html`<p class="empty">${t(data.messages.length === 0 ? "queue-empty" : "queue-none")}</p>`;
	return html`<p class="faint queue-count">${t("queue-count", { n: data.total ?? data.messages.length })}
			${data.more && html` ${t("queue-more", { n: data.messages.length })}`}</p>
		<ul class="queue">${list.map((m) => html`<${Message} key=${m.qp} m=${m} act=${act} />`)}</ul>`;
}

function Ask({ acts }) {
	const { what, m, r } = acts.asked;
	return html`<${Confirm} title=${t(`queue-${what}-title`)} yes=${t(`queue-${what}-yes`)} danger=${what === "delete"}
		busy=${acts.busy} error=${acts.error} onClose=${acts.close} onYes=${() => acts.perform(what, m, r)}>
		<p><${Address} value=${m.sender} /> ${t("to")} <${Address} value=${r.address} /></p>
		<p>${t(`queue-${what}-why`)}</p><//>`;
}

export function Queue({ who }) {
	const whose = scope.use();
	const answer = useAnswer((stop) => get("queue", { scope: whose }, stop), [whose]);
	const [text, setText] = useState("");
	const acts = useActs(answer.again);
	return html`<div class="tools"><${Heading}>${t("queue-title")}<//>
			<${Button} onClick=${answer.again}>${t("queue-again")}<//></div>
		<p class="lead">${t("queue-lead")}</p>
		<div class="bar"><label class="out" for="question">${t("queue-filter")}</label>
			<input id="question" class="field" type="search" value=${text} placeholder=${t("queue-hint")}
				onInput=${(e) => setText(e.target.value)} /></div>
		${acts.done && html`<${Notice}>${acts.done}<//>`}
		${acts.error && !acts.asked && html`<${Failed} error=${acts.error} />`}
		<${List} answer=${answer} text=${text} act=${isAdmin(who) ? acts.start : null} />
		${acts.asked && html`<${Ask} acts=${acts} />`}`;
}
