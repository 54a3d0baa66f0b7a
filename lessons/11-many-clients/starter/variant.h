/* Your variant of the task: the server answers each byte b with (b + SHIFT) mod 256. With 0 it is an echo. */
#define SHIFT 0
