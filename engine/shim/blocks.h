// Large blocks of memory, kept when they are freed, for whoever asks for about as much next. The
// kernel's pages are taken once and not at every allocation, and what is kept stays a small share of
// what was in use at most: a heap would come to hold up to twice that.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <map>
#include <mutex>
#include <unordered_map>

namespace segc {

class Blocks {
 public:
  // Smaller blocks are the heap's.
  static constexpr size_t kLeast = 32 << 10;

  // A block of `bytes` or a little more; null where the system has none left.
  void* take(size_t bytes) {
    const size_t need = (bytes + kStep - 1) / kStep * kStep;
    std::lock_guard<std::mutex> lock(mutex_);
    auto fit = kept_.lower_bound(need);
    size_t size = need;
    void* data;
    if (fit != kept_.end() && fit->first <= need + need / kShare) {
      size = fit->first;
      data = fit->second;
      kept_bytes_ -= size;
      kept_.erase(fit);
    } else {
      data = map(need);
      if (!data) return nullptr;
    }
    taken_.emplace(data, Taken{size, bytes});
    live_ += size;
    if (live_ > most_) most_ = live_;
    return data;
  }

  // Takes a block back; what was asked for, or zero if it is none of these.
  size_t give(void* data) {
    // Blocks begin with a page, which most of the heap's do not.
    if (reinterpret_cast<uintptr_t>(data) % kPage != 0) return 0;
    std::lock_guard<std::mutex> lock(mutex_);
    auto found = taken_.find(data);
    if (found == taken_.end()) return 0;
    const Taken block = found->second;
    taken_.erase(found);
    live_ -= block.size;
    kept_bytes_ += block.size;
    kept_.emplace(block.size, data);
    return block.asked;
  }

  // Whether everything that is freed is kept. Networks that only infer ask for the same blocks again
  // and again, and pages that are taken anew cost as much as their kernels.
  void keep_all(bool all) {
    std::lock_guard<std::mutex> lock(mutex_);
    all_ = all;
    if (!all_) forget_until(most_ + most_ / kShare, 0);
  }

 private:
  static constexpr size_t kPage = 4096;
  static constexpr size_t kStep = kPage;
  // From this size on, pages of 2 MiB are worth it.
  static constexpr size_t kHuge = 4 << 20;
  // A block may be larger than what was asked for by one part in so many, and all blocks together
  // larger than what was in use at most.
  static constexpr size_t kShare = 16;

  struct Taken {
    size_t size;
    size_t asked;
  };

  void* map(size_t size) {
    const size_t most = live_ + size > most_ ? live_ + size : most_;
    if (!all_) forget_until(most + most / kShare, size);
    void* data = fresh(size);
    if (!data) {
      forget_until(0, 0);
      data = fresh(size);
    }
    return data;
  }

  static void* fresh(size_t size) {
    void* data = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return nullptr;
#ifdef MADV_HUGEPAGE
    if (size >= kHuge) madvise(data, size, MADV_HUGEPAGE);
#endif
    return data;
  }

  // Gives kept blocks back to the system, the largest first, until all are within `allowed`.
  void forget_until(size_t allowed, size_t coming) {
    while (!kept_.empty() && live_ + kept_bytes_ + coming > allowed) {
      auto last = std::prev(kept_.end());
      munmap(last->second, last->first);
      kept_bytes_ -= last->first;
      kept_.erase(last);
    }
  }

  std::mutex mutex_;
  std::multimap<size_t, void*> kept_;
  std::unordered_map<void*, Taken> taken_;
  bool all_ = false;
  size_t kept_bytes_ = 0;
  size_t live_ = 0;
  size_t most_ = 0;
};

}  // namespace segc
