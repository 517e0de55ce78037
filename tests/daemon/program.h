/* Runs the program itself, as a person would. */
#ifndef TESTS_DAEMON_PROGRAM_H
#define TESTS_DAEMON_PROGRAM_H

#define PROGRAM_OUTPUT_MAX 16384

struct program_outcome {
    int status;
    char out[PROGRAM_OUTPUT_MAX];
    char err[PROGRAM_OUTPUT_MAX];
};

/* Runs "jobs-bridge <words>", split at blanks, with nothing on standard input, and waits for its
 * end.
 */
void program_run(const char *words, struct program_outcome *ret);

#endif
