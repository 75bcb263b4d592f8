// app.js - where the page begins: who asks, and which view.
import { html, render, useEffect, useRef } from "./ui.js";
import { t, known } from "./words.js";
import { isAdmin, me, scope } from "./state.js";
import { get } from "./api.js";
import { useRoute } from "./route.js";
import { Failed } from "./parts.js";
import { Shell } from "./shell.js";
import { Search } from "./search.js";
import { StoryView } from "./story.js";
import { Explain } from "./explain.js";
import { Overview } from "./overview.js";
import { Live } from "./live.js";
import { Queue } from "./queue.js";
import { Refused } from "./refused.js";
import { Login } from "./login.js";

const VIEWS = {
	search: Search, story: StoryView, explain: Explain, overview: Overview, live: Live, queue: Queue,
	refused: Refused, login: Login,
};

/* The view that is shown for what the address names: who is not logged in has to, and comes to it afterwards. */
function viewOf(wanted, who) {
	const name = wanted in VIEWS ? wanted : "search";
	if (who.role === "nobody")
		return "login";
	return name === "login" ? "search" : name;
}

function mayChoose(who, whose) {
	return isAdmin(who) || ["", who.mailbox, ...who.domains].includes(whose);
}

/*
 * A link may say whose mail it is about: before the view that it leads to asks for anything, and again when somebody
 * has logged in. One that was meant for another reader is not kept: each view would answer that it is not his to see.
 */
function useScope(route, who) {
	const seen = useRef({});
	if (seen.current.route === route && seen.current.who === who)
		return;
	seen.current = { route, who };
	const whose = route.words.get("scope");
	if (whose !== null && mayChoose(who, whose))
		scope.set(whose);
}

function App() {
	const route = useRoute();
	const who = me.use();
	const name = viewOf(route.view, who);
	const View = VIEWS[name];
	useScope(route, who);
	useEffect(() => {
		document.title = `${known(`view-${name}`, t("title"))} · Telltale`;
	}, [name]);
	return html`<${Shell} view=${name} account=${route.view === "account"}>
		<${View} key=${name} route=${route} who=${who} /><//>`;
}

async function begin() {
	const at = document.getElementById("app");
	try {
		me.value = await get("me");
	} catch (error) {
		render(html`<main class="page">
			<${Failed} error=${error} again=${() => location.reload()} /></main>`, at);
		return;
	}
	at.replaceChildren();
	render(html`<${App} />`, at);
}

begin();
