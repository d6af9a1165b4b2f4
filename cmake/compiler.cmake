set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(CMAKE_UNITY_BUILD)
  # To the compiler each source is a header then, and one's constants are seen by the next. The release build has both.
  set(DDSYNC_UNITY_WARNINGS -Wno-subobject-linkage -Wno-shadow)
endif()

add_library(ddsync_options INTERFACE)
target_include_directories(ddsync_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_options(ddsync_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Werror ${DDSYNC_UNITY_WARNINGS}
  -fstack-protector-strong -fcf-protection -D_GLIBCXX_ASSERTIONS
  $<$<CONFIG:Release,RelWithDebInfo>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2>)
target_link_options(ddsync_options INTERFACE -pie -Wl,-z,relro,-z,now)

if(DDSYNC_SANITIZE)
  add_compile_options(-fsanitize=${DDSYNC_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DDSYNC_SANITIZE})
endif()

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER ${CCACHE_PROGRAM})
  # What it must overlook to keep what was compiled with precompiled headers; these need an option, too.
  set(CMAKE_CXX_COMPILER_LAUNCHER env CCACHE_SLOPPINESS=pch_defines,time_macros ${CCACHE_PROGRAM})
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
endif()

# Sets `result` to those of the sources that know the switch for planted bugs. The simulator compiles them once more, so
# that they stay objects of their own in a unity build.
function(sources_with_planted_bugs result)
  set(found)
  foreach(source ${ARGN})
    file(STRINGS ${source} uses REGEX "engine/planted_bug\\.h")
    if(uses)
      list(APPEND found ${source})
    endif()
  endforeach()
  set_source_files_properties(${found} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set(${result} ${found} PARENT_SCOPE)
endfunction()

# A library of the product: every .cpp of the calling folder, and what it may depend on.
function(ddsync_library name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  if(NOT sources)
    message(WARNING "${name} has no source yet")
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE ddsync_options ${ARGN})
    return()
  endif()
  sources_with_planted_bugs(ignored ${sources})
  add_library(${name} STATIC ${sources})
  target_link_libraries(${name} PUBLIC ddsync_options ${ARGN})
endfunction()
