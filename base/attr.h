/* Compiler attributes behind one name each. */
#ifndef BASE_ATTR_H
#define BASE_ATTR_H

#define nodiscard                       __attribute__((warn_unused_result))
#define printf_like(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
