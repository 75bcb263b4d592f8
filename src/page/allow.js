// allow.js - letting a sender in: the question whether to, and the lists of those who are.
import { html, useState } from "./ui.js";
import { t } from "./words.js";
import { say } from "./state.js";
import { get, post } from "./api.js";
import { Address, Button, Confirm, Failed, useAnswer } from "./parts.js";

const LISTS_MAX = 40; // that the server tells at once
const UNFOLDED = 5; // so many allowed senders leave what was refused in sight

export function domainOf(sender) {
	return sender.slice(sender.lastIndexOf("@") + 1);
}

/* Allow the address alone, or all of its domain. */
export function Allow({ row, whose, onClose, onDone }) {
	const [what, setWhat] = useState("address");
	const [busy, setBusy] = useState(false);
	const [error, setError] = useState(null);
	const sender = what === "address" ? row.from : `@${domainOf(row.from)}`;
	const allow = async () => {
		setBusy(true);
		setError(null);
		try {
			await post("allow", { scope: whose, sender, remove: false, sure: error?.body?.sure === true });
			onDone(sender);
		} catch (e) {
			setError(e);
			setBusy(false);
		}
	};
	return html`<${Confirm} title=${t("allow-title")} yes=${t(error?.body?.sure ? "allow-sure" : "allow-yes")}
		busy=${busy} error=${error} onYes=${allow} onClose=${onClose}>
		<p>${t("allow-for", { scope: whose })}</p>
		<fieldset class="options"><legend class="out">${t("allow-what")}</legend>
			<label class="check"><input type="radio" name="allow" checked=${what === "address"}
				onChange=${() => setWhat("address")} />
				<span><strong><${Address} value=${row.from} /></strong>
					<span class="hint">${t("allow-address-hint")}</span></span></label>
			<label class="check"><input type="radio" name="allow" checked=${what === "domain"}
				onChange=${() => setWhat("domain")} />
				<span><strong>${t("allow-domain", { domain: domainOf(row.from) })}</strong>
					<span class="hint">${t("allow-domain-hint")}</span></span></label></fieldset>
		<p>${t("allow-means")}</p><//>`;
}

/* An entry of the list is an address, or @ and a domain. */
export function isOn(entry, sender) {
	return [sender, `@${domainOf(sender)}`].some((x) => x.toLowerCase() === entry.toLowerCase());
}

/* The lists on which senders could be, by their scope: of `whose`, or, for an administrator who sees all (null), of the
   domains in the rows, as far as they are of this server. */
async function listsOf(whose, rows, stop) {
	if (whose !== null)
		return new Map([[whose, await get("allow", { scope: whose }, stop)]]);
	const domains = [...new Set(rows.filter((r) => r.allow).map((r) => domainOf(r.recipient).toLowerCase()))];
	if (domains.length === 0)
		return new Map();
	const { lists } = await get("allow", { domains: domains.slice(0, LISTS_MAX).join(",") }, stop);
	return new Map(lists.map((list) => [list.scope, list]));
}

export function useLists(whose, rows) {
	const ready = whose !== null || rows !== undefined;
	const keys = [whose, whose === null ? rows : null];
	return useAnswer(async (stop) => (ready ? listsOf(whose, rows, stop) : null), keys);
}

export function Allowed({ data, changed }) {
	const [wrong, setWrong] = useState(null);
	if (data.rows.length === 0)
		return null;
	const remove = async (row) => {
		try {
			await post("allow", { scope: data.scope, sender: row.sender, remove: true });
			setWrong(null);
			say(t("allowed-removed", { sender: row.sender }));
			changed();
		} catch (e) {
			setWrong(e);
		}
	};
	return html`<details class="card allowed-card" open=${data.rows.length <= UNFOLDED}>
		<summary><h2>${t("allowed-title")}</h2> <span class="faint">${data.rows.length}</span></summary>
		<p class="faint">${t("allowed-lead", { scope: data.scope })}</p>
		${wrong && html`<${Failed} error=${wrong} />`}
		<ul class="allowed">${data.rows.map((row) => html`<li key=${row.sender}>
			<${Address} value=${row.sender} />
			<${Button} kind="small" onClick=${() => remove(row)}
				aria-label=${t("allowed-remove-label", { sender: row.sender })}>${t("allowed-remove")}<//>
			</li>`)}</ul></details>`;
}
