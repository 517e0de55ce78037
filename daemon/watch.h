/* jobs-bridge watch: what the bridge does, as it happens, one line for each event. */
#ifndef DAEMON_WATCH_H
#define DAEMON_WATCH_H

/* The process's exit code: VERB_OK after SIGINT, SIGTERM or enough events, VERB_REFUSED where there
 * can be no link, VERB_NO_ANSWER when the time is up before there were enough events. */
int watch_main(int argc, char **argv);

#endif
