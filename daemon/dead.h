/* jobs-bridge dead: commands whose answer or events could not be published, and what to do about
 * them. Works on the journal itself, beside the service if it runs. */
#ifndef DAEMON_DEAD_H
#define DAEMON_DEAD_H

/* The process's exit code: VERB_REFUSED when there is no such letter or the broker refuses it,
 * VERB_NO_ANSWER when the broker does not take it in time. */
int dead_main(int argc, char **argv);

#endif
