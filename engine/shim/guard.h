// How the shim reports: every function returns null, or a message that the caller frees with free().
// Results are written through pointers, and only on success. No exception leaves the shim.
#pragma once

#include <c10/util/Exception.h>

#include <cstring>
#include <exception>

namespace segc {

template <class Body>
char* guarded(Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const c10::Error& error) {
    return strdup(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return strdup(error.what());
  } catch (...) {
    return strdup("an exception of unknown type");
  }
}

}  // namespace segc
