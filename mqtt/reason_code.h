/* Reason codes of MQTT 5 and return codes of MQTT 3.1.1, in words for people. */
#ifndef MQTT_REASON_CODE_H
#define MQTT_REASON_CODE_H

#include <stddef.h>

#define REASON_CODE_TAKEN_OVER 0x8e /* MQTT 5: another connection uses the same client id */
#define REASON_CODE_FAILURE    0x80 /* this and above */

const char *reason_code_connack(int code);
const char *reason_code_text(int code); /* of SUBACK and DISCONNECT */

#endif
