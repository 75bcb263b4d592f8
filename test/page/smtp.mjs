// smtp.mjs - a mail in the middle of a test of the page.
import net from "node:net";

/* Says each line, waits for each reply; the last one, or that to the n-th line. */
export function say(port, lines, from = "127.0.0.1", n = lines.length) {
	return new Promise((resolve, reject) => {
		const socket = net.connect({ port, host: "127.0.0.1", localAddress: from });
		const rest = [...lines];
		let text = "";
		socket.setTimeout(20000, () => socket.destroy(new Error(`no reply to ${lines.join(" | ")}`)));
		socket.on("error", reject);
		socket.on("close", () => resolve(text.trim().split("\r\n").filter((l) => /^\d{3} /.test(l))[n]));
		socket.on("data", (d) => {
			text += d.toString("latin1");
			if (!/(^|\r\n)\d{3} [^\r\n]*\r\n$/.test(text))
				return;
			if (rest.length > 0)
				socket.write(Buffer.from(`${rest.shift()}\r\n`, "latin1"));
			else
				socket.end();
		});
	});
}

export function mail(port, from, to, source) {
	const recipients = [to].flat().map((r) => `RCPT TO:<${r}>`);
	const message = "Subject: hello\r\n\r\nHello.\r\n.";
	return say(port, ["EHLO client.test", `MAIL FROM:<${from}>`, ...recipients, "DATA", message], source);
}
