// account.js - who asks, whose mail is shown, and how: the panel behind the button on the right.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t } from "./words.js";
import { isAdmin, me, rows, say, scope, theme, zone } from "./state.js";
import { get, post } from "./api.js";
import { readersZone } from "./time.js";
import { Icon } from "./icons.js";
import { Button, Choice } from "./parts.js";

/* An owner looks at one of his domains, or at his own mailbox; an administrator may see as any owner does. */
function Whose({ who }) {
	const value = scope.use();
	const [text, setText] = useState(value);
	if (isAdmin(who)) {
		const set = (e) => {
			e.preventDefault();
			scope.set(text.trim());
			say(t(text.trim() === "" ? "scope-all" : "scope-now", { scope: text.trim() }));
		};
		return html`<form class="account-row" onSubmit=${set}>
			<label for="see-as">${t("see-as")}</label>
			<div class="joined"><input id="see-as" class="field" value=${text} autocomplete="off"
				spellcheck=${false}
				placeholder=${t("see-as-none")} onInput=${(e) => setText(e.target.value)} />
			<button class="button" type="submit">${t("set")}</button></div></form>`;
	}
	if (who.role !== "domain")
		return null;
	return html`<div class="account-row"><label for="whose">${t("whose")}</label>
		<select id="whose" class="field" value=${value || who.domains[0]}
			onChange=${(e) => scope.set(e.target.value)}>
			${who.domains.map((d) => html`<option key=${d} value=${d}>${d}</option>`)}
			${who.mailbox && html`<option value=${who.mailbox}>${who.mailbox}</option>`}
		</select></div>`;
}

function Digest() {
	const [on, set] = useState(null);
	const [wrong, setWrong] = useState("");
	useEffect(() => {
		get("digest").then((d) => set(d.on), () => set(null));
	}, []);
	if (on === null)
		return null;
	const change = async (e) => {
		const want = e.target.checked;
		set(want);
		try {
			await post("digest", { on: want });
			setWrong("");
			say(t(want ? "digest-on" : "digest-off"));
		} catch (error) {
			set(!want);
			setWrong(error.message);
		}
	};
	return html`<div class="account-row"><label class="check">
		<input type="checkbox" checked=${on} onChange=${change} />
		<span>${t("digest")}<span class="hint">${t("digest-hint")}</span></span></label>
		${wrong && html`<p class="wrong" role="alert">${wrong}</p>`}</div>`;
}

async function leave() {
	try {
		await post("logout", {});
	} finally {
		scope.set("");
		me.ended();
	}
}

function Panel({ who }) {
	return html`<div class="account-panel" id="account-panel">
		<p class="account-who"><strong>${who.mailbox || t(`role-${who.role}`)}</strong>
			${who.mailbox && html`<span>${t(`role-${who.role}`)}</span>`}</p>
		<${Whose} who=${who} />
		<div class="account-row"><span>${t("times")}</span>
			<${Choice} name="zone" label=${t("times")} value=${zone.use()} onChange=${(v) => zone.set(v)}
				options=${[["log", t("zone-log")], ["mine", t("zone-mine", { zone: readersZone })]]} /></div>
		<div class="account-row"><span>${t("rows")}</span>
			<${Choice} name="rows" label=${t("rows")} value=${rows.use()} onChange=${(v) => rows.set(v)}
				options=${[["wide", t("rows-wide")], ["dense", t("rows-dense")]]} /></div>
		<div class="account-row"><span>${t("theme")}</span>
			<${Choice} name="theme" label=${t("theme")} value=${theme.use()} onChange=${(v) => theme.set(v)}
				options=${["auto", "light", "dark"].map((x) => [x, t(`theme-${x}`)])} /></div>
		${!isAdmin(who) && html`<${Digest} />`}
		<div class="account-row"><${Button} onClick=${leave}>${t("sign-out")}<//></div>
	</div>`;
}

export function Account({ who, open, setOpen }) {
	const at = useRef(null);
	const chosen = scope.use();
	useEffect(() => {
		if (!open)
			return undefined;
		const outside = (e) => !at.current.contains(e.target) && setOpen(false);
		const escape = (e) => {
			if (e.key !== "Escape")
				return;
			setOpen(false);
			at.current.querySelector("button").focus();
		};
		addEventListener("pointerdown", outside);
		addEventListener("keydown", escape);
		return () => {
			removeEventListener("pointerdown", outside);
			removeEventListener("keydown", escape);
		};
	}, [open]);
	const name = chosen || who.domains[0] || who.mailbox || t(`role-${who.role}`); // whose mail is shown
	return html`<div class="account" ref=${at}>
		<button type="button" class=${`account-button${isAdmin(who) && chosen !== "" ? " scoped" : ""}`}
			aria-expanded=${open}
			aria-controls="account-panel" onClick=${() => setOpen(!open)}>
			<${Icon} name="person" /><span class="account-name">${name}</span>
			<span class="out">${t("account")}</span><${Icon} name="down" /></button>
		${open && html`<${Panel} who=${who} />`}
	</div>`;
}
