/* kagamictl doctor: looks at what usually goes wrong, and says a cure for each. */
#pragma once

/* control: path of the socket. Returns the number of problems. */
int kg_doctor(const char *control);
