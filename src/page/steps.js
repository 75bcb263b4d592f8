// steps.js - how a step of the timeline went, by the words that the tracer uses; it colours, it decides nothing.

const TONES = [
	[/^(refused|rejected|bounced|returned)\b|: rejected rcpt|^the message was refused/i, "bad"],
	[/delivery \d+ failed|gave up/i, "bad"],
	[/^answer to .*: 5\d\d /, "bad"],
	[/^answer to .*: 4\d\d |was put off|^deferred|greylisted|graylisted|a login failed/i, "later"],
	[/^the next attempt|^waiting|^held|^paused/i, "wait"],
	[/without a message|lost connection|^the client left|timeout/i, "none"],
	[/^(accepted|let in|sent|it lies in|put into|done|saved)\b|succeeded|: (accepted|relaying) rcpt/i, "good"],
];

export function toneOfStep(step) {
	const failed = step.checks?.some((c) => c.outcome === "refused" || c.outcome === "failed");
	if (failed)
		return "bad";
	if (/: passed /.test(step.what) && step.station === "gate")
		return "good";
	for (const [words, tone] of TONES)
		if (words.test(step.what))
			return tone;
	return "plain";
}

/* Steps of one station that follow each other stand together. */
export function stations(timeline) {
	const out = [];
	for (const step of timeline) {
		const last = out[out.length - 1];
		if (last !== undefined && last.station === step.station)
			last.steps.push(step);
		else
			out.push({ station: step.station, steps: [step] });
	}
	return out;
}
