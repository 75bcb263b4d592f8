// login.js - with the mailbox's own password. An administrator comes by a link of the command line.
import { html, useEffect, useRef, useState } from "./ui.js";
import { t } from "./words.js";
import { me, scope } from "./state.js";
import { post } from "./api.js";
import { Heading, Notice } from "./parts.js";

/* Whole seconds until a time; it counts down. */
function useCountdown() {
	const [left, set] = useState(0);
	useEffect(() => {
		if (left <= 0)
			return undefined;
		const timer = setTimeout(() => set(left - 1), 1000);
		return () => clearTimeout(timer);
	}, [left]);
	return [left, set];
}

export function Login({ who }) {
	const [wrong, setWrong] = useState("");
	const [busy, setBusy] = useState(false);
	const [wait, setWait] = useCountdown();
	const password = useRef(null);
	const enter = async (e) => {
		e.preventDefault();
		const form = new FormData(e.target);
		setBusy(true);
		setWrong("");
		try {
			const user = form.get("user").trim();
			const now = await post("login", { user, password: form.get("password") });
			scope.set("");
			me.set(now);
		} catch (error) {
			setWrong(error.message);
			setWait(error.body?.wait ?? 0);
			setBusy(false);
			password.current.select();
		}
	};
	return html`<div class="login"><section class="card">
		<${Heading}>${t("login-title")}<//><p class="faint">${t("login-lead")}</p>
		<form onSubmit=${enter}>
			<label for="user">${t("login-user")}</label>
			<input class="field" id="user" name="user" type="text" inputmode="email" autocomplete="username"
				autocapitalize="off" spellcheck=${false} required />
			<label for="password">${t("login-password")}</label>
			<input class="field" id="password" name="password" type="password"
				autocomplete="current-password" required ref=${password} aria-describedby="login-wrong" />
			<p id="login-wrong" class="wrong"
				role="alert">${wrong}${wait > 0 && ` ${t("login-wait", { n: wait })}`}</p>
			<button class="button main" type="submit"
				disabled=${busy || wait > 0}>${t(busy ? "login-busy" : "login-enter")}</button>
		</form></section>
		<${Notice}>${t("login-admin")} <code>telltale web link</code><//></div>`;
}
