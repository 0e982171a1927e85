// How many bytes live tensors take, now and at most, on the CPU and on CUDA devices; large blocks are
// kept for the next ones.
#include "blocks.h"
#include "guard.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>
#include <c10/core/CachingDeviceAllocator.h>
#include <c10/core/impl/alloc_cpu.h>

#include <malloc.h>

#include <atomic>

using segc::guarded;

namespace {

std::atomic<int64_t> live{0};
std::atomic<int64_t> peak{0};

void count(int64_t bytes) {
  int64_t now = live.fetch_add(bytes) + bytes;
  int64_t seen = peak.load();
  while (now > seen && !peak.compare_exchange_weak(seen, now)) {
  }
}

segc::Blocks& blocks() {
  // Never destroyed: tensors may outlive statics.
  static auto* all = new segc::Blocks;
  return *all;
}

// What the C library set aside for a block, a few bytes more than was asked for. It is asked again
// when the block is freed, so that no header is needed and blocks from before the count do no harm.
int64_t size(void* data) { return static_cast<int64_t>(malloc_usable_size(data)); }

void release(void* data) {
  if (!data) return;
  if (size_t asked = blocks().give(data)) {
    count(-static_cast<int64_t>(asked));
    return;
  }
  count(-size(data));
  c10::free_cpu(data);
}

// Large blocks from those that are kept, others from the default CPU allocator; and a count.
struct CountingAllocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    const bool large = bytes >= segc::Blocks::kLeast;
    void* data = large ? blocks().take(bytes) : nullptr;
    if (data) {
      count(static_cast<int64_t>(bytes));
    } else {
      // Where there is no memory left, this one says so.
      data = c10::alloc_cpu(bytes);
      if (data) count(size(data));
    }
    return {data, data, &release, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &release; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};

c10::DeviceAllocator& cuda() { return *c10::getDeviceAllocator(c10::DeviceType::CUDA); }

}  // namespace

extern "C" {

// Counts every CPU tensor allocated from now on; earlier ones keep their own way of being freed.
char* segc_memory_count_cpu() {
  return guarded([] {
    static CountingAllocator allocator;
    c10::SetCPUAllocator(&allocator);
  });
}

void segc_memory_cpu(int64_t* now, int64_t* most) {
  *now = live.load();
  *most = peak.load();
}

void segc_memory_keep_all(bool all) { blocks().keep_all(all); }

void segc_memory_cpu_reset_peak() { peak.store(live.load()); }

char* segc_memory_cuda(int8_t device, int64_t* now, int64_t* most) {
  return guarded([&] {
    auto stats = cuda().getDeviceStats(device);
    const auto& bytes = stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)];
    *now = bytes.current;
    *most = bytes.peak;
  });
}

char* segc_memory_cuda_reset_peak(int8_t device) {
  return guarded([&] { cuda().resetPeakStats(device); });
}
}
