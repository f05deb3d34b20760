# Puts the part of Eigen that the kernels include into cpp/vendor/eigen, and sets SKRNN_EIGEN_DIR.
#
# An sdist carries that folder, so building from one needs nothing else. In a git checkout the headers
# come from the header-only wheel cmeel-eigen, a build requirement pinned in pyproject.toml.
# -DSKRNN_EIGEN_DIR=<folder that holds Eigen/Core> uses another copy in place.

set(SKRNN_EIGEN_DIR "" CACHE PATH "Folder that holds Eigen/Core, to use instead of cpp/vendor/eigen")

# Sets `result` to the version of the Eigen below `include_dir`, or to "" where there is none.
function(skrnn_eigen_version include_dir result)
  set(version "")
  set(macros "${include_dir}/Eigen/src/Core/util/Macros.h")
  if(EXISTS "${include_dir}/Eigen/Core" AND EXISTS "${macros}")
    file(STRINGS "${macros}" lines REGEX "^#define EIGEN_(WORLD|MAJOR|MINOR)_VERSION [0-9]+")
    string(REGEX MATCHALL "[0-9]+" version "${lines}")
    list(JOIN version "." version)
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# Sets `result` to the include folder of the installed cmeel-eigen, or to "".
function(skrnn_find_cmeel_eigen result)
  set(${result} "" PARENT_SCOPE)
  if(NOT Python_Interpreter_FOUND)
    return()
  endif()
  execute_process(
    COMMAND "${Python_EXECUTABLE}" -c [[
from importlib.metadata import distribution
print(distribution("cmeel-eigen").locate_file("cmeel.prefix/include/eigen3").as_posix())]]
    OUTPUT_VARIABLE include_dir
    OUTPUT_STRIP_TRAILING_WHITESPACE
    ERROR_QUIET)
  set(${result} "${include_dir}" PARENT_SCOPE)
endfunction()

if(NOT SKRNN_EIGEN_DIR)
  set(SKRNN_EIGEN_DIR "${PROJECT_SOURCE_DIR}/cpp/vendor/eigen")
  skrnn_eigen_version("${SKRNN_EIGEN_DIR}" vendored)
  if(NOT vendored VERSION_EQUAL SKRNN_EIGEN_VERSION)
    skrnn_find_cmeel_eigen(source)
    skrnn_eigen_version("${source}" offered)
    if(NOT offered VERSION_EQUAL SKRNN_EIGEN_VERSION)
      message(FATAL_ERROR
        "Eigen ${SKRNN_EIGEN_VERSION} is needed in ${SKRNN_EIGEN_DIR} (found there: "
        "'${vendored}'; in an installed cmeel-eigen: '${offered}'). Run "
        "`pip install cmeel-eigen==${SKRNN_EIGEN_VERSION}`, or name a folder that holds "
        "Eigen/Core with -DSKRNN_EIGEN_DIR=<folder>.")
    endif()
    # Copied aside, then renamed: an interrupted copy is never taken for a whole one.
    file(REMOVE_RECURSE "${SKRNN_EIGEN_DIR}" "${SKRNN_EIGEN_DIR}.partial")
    file(COPY "${source}/Eigen/Core" DESTINATION "${SKRNN_EIGEN_DIR}.partial/Eigen")
    file(COPY "${source}/Eigen/src/Core" "${source}/Eigen/src/plugins"
         DESTINATION "${SKRNN_EIGEN_DIR}.partial/Eigen/src")
    file(COPY "${PROJECT_SOURCE_DIR}/LICENSES/MPL-2.0.txt"
         DESTINATION "${SKRNN_EIGEN_DIR}.partial")
    file(RENAME "${SKRNN_EIGEN_DIR}.partial" "${SKRNN_EIGEN_DIR}")
    message(STATUS "Eigen ${SKRNN_EIGEN_VERSION}: headers copied from ${source}")
  endif()
endif()
