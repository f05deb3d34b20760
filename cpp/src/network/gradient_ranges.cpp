#include "network/gradient_ranges.h"

namespace skrnn {

void GradientRanges::keep_rows(Range table, const std::vector<std::int64_t>& rows,
                               std::int64_t size) {
  std::vector<Range> kept;
  kept.reserve(ranges_.size() + rows.size() + 1);
  for (const Range& range : ranges_) {
    if (table.begin < range.begin || table.end > range.end) {
      kept.push_back(range);
      continue;
    }
    if (range.begin < table.begin) kept.push_back({range.begin, table.begin});
    const std::size_t first = kept.size();
    for (const std::int64_t row : rows) {
      const Range here{table.begin + row * size, table.begin + (row + 1) * size};
      if (kept.size() > first && kept.back().end == here.begin) {
        kept.back().end = here.end;
      } else {
        kept.push_back(here);
      }
    }
    if (table.end < range.end) kept.push_back({table.end, range.end});
  }
  ranges_.swap(kept);
}

std::int64_t GradientRanges::size() const {
  std::int64_t size = 0;
  for (const Range& range : ranges_) size += range.end - range.begin;
  return size;
}

}  // namespace skrnn
