/* jobs-bridge policy test --thing T --job J [--namespace NS] [--known JSON] JSON */
#ifndef DAEMON_POLICY_COMMAND_H
#define DAEMON_POLICY_COMMAND_H

int policy_command_main(int argc, char **argv);

#endif
